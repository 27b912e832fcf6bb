package notice

import (
	"testing"

	"comity/ledger"
)

func TestTemplates(t *testing.T) {
	for k := ledger.KindUndisclosed; k <= ledger.KindTally; k++ {
		data, err := Template(k, testDay)
		if !Enabled(k) {
			if err == nil {
				t.Errorf("%s is not enabled and has a template", k)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", k, err)
			continue
		}
		n := parse(t, data)
		if err := n.Validate(testDay); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if n.Kind != k {
			t.Errorf("template of %s is %s", k, n.Kind)
		}
		open(t, n) // fit to be sent
		golden(t, "template_"+k.String()+".json", data)
	}
}

func TestChildCase(t *testing.T) {
	n := ChildCase(testDay)
	if err := n.Validate(testDay); err != nil {
		t.Fatal(err)
	}
	if youngest, oldest := n.Card.Person.Born.Age(testDay); youngest != 13 || oldest != 13 || !n.Victim.Minor {
		t.Errorf("the child is %d to %d", youngest, oldest)
	}
	if !n.Readers.Has("XB") || n.Readers.Has("XC") || n.Urgency != ledger.U3 || !n.FourEyes() {
		t.Errorf("got %+v", n)
	}
	data, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "child.json", data)
}
