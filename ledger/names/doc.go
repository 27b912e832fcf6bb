// Package names matches personal names across scripts and spellings.
//
// Parse reads a name in any of some twenty scripts into tokens in plain Latin
// letters; it costs about as much as copying the name a few times, so parse once
// and keep the Name. Compare scores two names from 0 to 1 and says in words why.
// Keys gives the few strings under which an inverted index files a name, Probes
// those under which it looks for one: two spellings of one name meet in a key
// nearly always, so an index gathers the names that meet, ranks them with Score,
// and shows the best with the reasons of Compare. Threshold is the score from
// which two names are called the same.
//
// What a match means: these may be spellings of one name. It never means one
// person; a checkpoint needs a document number, or the name and a date of birth.
//
// The package opens no file and keeps no state. Every name is hostile: its length,
// its tokens and its keys are bounded. What is beyond the bounds is not
// compared: read the originals before acting.
//
// Start reading at name.go (what a name is), then compare.go. DESIGN.md has the
// method, its sources, the measured figures and what it cannot do.
package names
