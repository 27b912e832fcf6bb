package ledger_test

import (
	"testing"

	"comity/ledger"
)

// marshaler is what the clear fields of a class are.
type marshaler interface{ Marshal() []byte }

// fuzzFields is fuzz for the parser of clear fields.
func fuzzFields[T marshaler](f *testing.F, kind string, parse func(data []byte) (T, error)) {
	fuzz(f, kind, func(data []byte) ([]byte, error) {
		v, err := parse(data)
		if err != nil {
			return nil, err
		}
		return v.Marshal(), nil
	})
}

func FuzzParseSuspend(f *testing.F) { fuzzFields(f, "suspend", ledger.ParseSuspend) }

func FuzzParseLift(f *testing.F) { fuzzFields(f, "lift", ledger.ParseLift) }

func FuzzParseExtend(f *testing.F) { fuzzFields(f, "extend", ledger.ParseExtend) }

func FuzzParseReview(f *testing.F) { fuzzFields(f, "review", ledger.ParseReview) }

func FuzzParseCircle(f *testing.F) { fuzzFields(f, "circle", ledger.ParseCircle) }

func FuzzParsePurge(f *testing.F) { fuzzFields(f, "purge", ledger.ParsePurge) }
