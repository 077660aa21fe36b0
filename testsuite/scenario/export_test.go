package scenario

// FlagUpdate tells the tests outside of the package whether they are to write their files anew.
func FlagUpdate() bool { return *update }
