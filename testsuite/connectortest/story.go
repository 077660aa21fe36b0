package connectortest

func storyCases() []entry { return nil }
