package cli

import "syscall"

// undumpable keeps other programs of the same user from reading our memory.
func undumpable() {
	syscall.Syscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}
