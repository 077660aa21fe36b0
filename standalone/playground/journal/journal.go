// Package journal keeps what the playground's vendors know: an append-only file of transactions, from which the state is
// made again.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Journal is such a file, one JSON array of changes per line. A line is there as a
// whole or not at all: a torn last line, left by a process that was killed, is cut
// off when the file is opened.
type Journal[T any] struct{ file *os.File }

// Open opens or creates the file and hands every change in it to replay.
func Open[T any](name string, replay func(T)) (*Journal[T], error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the playground's journal: %w", err)
	}
	j := &Journal[T]{file: f}
	if err := j.load(replay); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the playground's journal: %w", err), f.Close())
	}
	return j, nil
}

func (j *Journal[T]) load(replay func(T)) error {
	r := bufio.NewReader(j.file)
	var whole int64
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what stands behind the last line's end was never acknowledged
		}
		if err != nil {
			return err
		}
		var changes []T
		if err := json.Unmarshal(line, &changes); err != nil {
			return fmt.Errorf("at byte %d: %w", whole, err)
		}
		for _, c := range changes {
			replay(c)
		}
		whole += int64(len(line))
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	_, err := j.file.Seek(whole, io.SeekStart)
	return err
}

// Append writes one transaction. With durable set it is on the disk on return.
func (j *Journal[T]) Append(changes []T, durable bool) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(changes); err != nil { // ends the line
		return fmt.Errorf("writing the playground's journal: %w", err)
	}
	if _, err := j.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("writing the playground's journal: %w", err)
	}
	if !durable {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the playground's journal: %w", err)
	}
	return nil
}

// Close closes the file.
func (j *Journal[T]) Close() error { return j.file.Close() }
