// Package names matches personal names across scripts and spellings.
//
// Parse reads a name in any of some twenty scripts into tokens in plain Latin
// letters; it costs about as much as copying the name a few times, so parse once
// and keep the Name. Compare scores two names from 0 to 1 and says in words why.
// Keys gives the bounded set of strings under which an inverted index files a
// name: two spellings of one name share at least one key nearly always, so an
// index gathers the names that share a key and Compare judges them. Threshold is
// the score from which two names are called the same.
//
// What a match means: these may be spellings of one name. It never means one
// person; a checkpoint needs a document number, or the name and a date of birth.
//
// The package opens no file and keeps no state. Every name is hostile: its length,
// its tokens and its keys are bounded, and a name that is cut says so in no
// score: compare the originals before acting.
//
// Start reading at name.go (what a name is), then compare.go. DESIGN.md has the
// method, its sources, the measured figures and what it cannot do.
package names
