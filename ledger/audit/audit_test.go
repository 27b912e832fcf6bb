package audit

import (
	"testing"
)

func TestAuthentic(t *testing.T) {
	w := ten(t)
	r := run(t, w.file, w.trust(), Options{})
	t.Logf("%+v", r)
	if r.Verdict != Authentic {
		t.Errorf("got %s, %+v", show(r), r.Findings)
	}
}
