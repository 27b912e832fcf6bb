// Package readlog keeps who has read what was opened of a notice: a file that
// only grows, in which each record holds the hash of all before it. A record is
// durable before the text it names is handed out; a desk that cannot write it
// hands out nothing.
//
// No line of a notice is in the log, but who read which notice is, and why by
// their own words: the file is for the bureau's overseer alone, mode 0600.
//
// The chain has no key: whoever may write the file can write another one. What
// gives it away is a [Head] that was kept elsewhere. An overseer asks for the
// head now and then, keeps the line, and gives it to [Verify] later: records that
// were changed, left out, put in another order or cut off behind it are found,
// as is a log that was begun anew.
//
// # Format
//
// All integers are big-endian. The file is a header and records:
//
//	header = "comity/reads/1\n" 00 | ledger id[32] | bureau code[2] | random log id[16] | u64 time | u32 crc32c of all before
//	record = u32 n | u32 crc32c(u64 number || u32 n) | body[n] | hash[32]
//	body   = u8 1 | u64 number | u64 time | u8 how | u8 parts | access key id[32] | u8-vector label
//	         | notice id[32] | u64 entry | u16-vector purpose
//	body   = u8 2 | u64 number | u64 time | u32 bytes cut off | sha256[32] of these bytes
//
// Times are POSIX ms by the desk's clock. Numbers count from 0 without a gap.
// How is 1 shown whole, 2 found by a search, 3 exported, 4 shown among links, 5 told as
// an answer came, 6 listed in an inbox. Parts is a set: 1 card, 2 body, 4 victim. Entry is the log position of the
// version that was read. The hash of record i is
//
//	hash(i) = sha256(01 || hash(i-1) || body(i)), hash(-1) = sha256(00 || header)
//
// A head is one line of text, the number of records and the last hash:
//
//	comity/reads/1 XA 0f8e3ad5b6c14d7f9a20c1d2e3f40516 128 5be2...
//
// # Files
//
// A log is one run of bytes in several files: the first has the name of the log, the
// others follow it as .2, .3 and so on, each once the one before has 8 MiB. A further
// file begins with the head of all before it, and the chain goes on through it:
//
//	next = "comity/reads/1+" 00 | ledger id[32] | bureau code[2] | random log id[16] | u64 time
//	       | u64 offset | u64 number of records before | hash of the last of them[32] | u32 crc32c of all before
//
// Offset is where its first record begins, counted without these headers. A copy of
// the log, and every offset and head, know nothing of files. [Open] reads the last one
// alone; [Verify] reads all, in their order, and finds one that is missing, swapped,
// cut or of another log. None is ever removed.
//
// # What a crash leaves
//
// A record that was begun and is not whole at the end of the last file: its text was
// not handed out. The next [Open] cuts it off, and says so in a record of kind
// 2, so that nothing goes in silence. Everything else that does not fit is
// damage, and the log is not continued.
package readlog
