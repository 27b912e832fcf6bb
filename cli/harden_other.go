//go:build !linux

package cli

// undumpable does nothing where the system has no such switch.
func undumpable() {}
