package cli

import "syscall"

// harden makes sure, as far as a process can for itself, that keys and opened
// notices reach no other user: no core file, no file that others may read.
func harden() {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	syscall.Umask(0o077)
	undumpable()
}
