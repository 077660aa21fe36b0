package slack

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// block is what is checked of a block.
type block struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Text     *text     `json:"text"`
	Elements []element `json:"elements"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type element struct {
	Type        string          `json:"type"`
	ActionID    string          `json:"action_id"`
	Value       string          `json:"value"`
	Text        json.RawMessage `json:"text"`
	Placeholder *text           `json:"placeholder"`
}

// checkBlocks checks what Slack checks, and that an update has blocks of new ids.
func checkBlocks(raw string, old *Message) string {
	var blocks []block
	if json.Unmarshal([]byte(raw), &blocks) != nil {
		return "invalid_blocks_format"
	}
	if len(blocks) > maxBlocks {
		return "invalid_blocks"
	}
	var before []block
	if old != nil {
		_ = json.Unmarshal(old.Blocks, &before)
	}
	var ids []string
	for _, b := range blocks {
		if b.BlockID != "" && slices.Contains(ids, b.BlockID) || len(b.BlockID) > maxBlockID {
			return "invalid_blocks"
		}
		if b.BlockID != "" && slices.ContainsFunc(before, func(x block) bool { return x.BlockID == b.BlockID }) {
			// Documented as "should": a fake that lets it pass would not show that it was forgotten. The very same update
			// again is a repeat.
			if string(old.Blocks) != raw {
				return "invalid_blocks"
			}
		}
		ids = append(ids, b.BlockID)
		if !validBlock(b) {
			return "invalid_blocks"
		}
	}
	return ""
}

func validBlock(b block) bool {
	switch b.Type {
	case "section":
		return b.Text != nil && b.Text.Text != "" && utf8.RuneCountInString(b.Text.Text) <= maxSection &&
			(b.Text.Type == "mrkdwn" || b.Text.Type == "plain_text")
	case "context":
		return len(b.Elements) > 0 && len(b.Elements) <= 10
	case "actions":
		var ids []string
		for _, e := range b.Elements {
			if e.ActionID == "" || slices.Contains(ids, e.ActionID) || len(e.Value) > maxValue {
				return false
			}
			ids = append(ids, e.ActionID)
			switch e.Type {
			case "button":
				var label text
				if json.Unmarshal(e.Text, &label) != nil || label.Type != "plain_text" || label.Text == "" || len(label.Text) > maxButton {
					return false
				}
			case "users_select":
				if e.Placeholder == nil || e.Placeholder.Text == "" {
					return false
				}
			default:
				return false
			}
		}
		return len(b.Elements) > 0 && len(b.Elements) <= maxElements
	case "divider", "rich_text":
		return true
	}
	return false
}
