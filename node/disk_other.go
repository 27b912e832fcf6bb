//go:build !unix

package node

// diskUse cannot tell on this system.
func diskUse(string) (used, free int64) { return -1, -1 }

// diskFree cannot be told here.
func diskFree(string) int64 { return -1 }
