package system

import (
	"flag"
	"strconv"
)

// Parallel lets n tests run at once, unless -parallel says how many. Stories about processes mostly wait: for a killed
// worker's silence to be noticed, or for a deadline. Call it from TestMain, after flag.Parse.
func Parallel(n int) {
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		_ = flag.Set("test.parallel", strconv.Itoa(n))
	}
}
