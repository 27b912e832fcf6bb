package seal_test

import (
	"fmt"
	"log"

	"comity/crypto/keys"
	"comity/crypto/seal"
)

// An officer of XA seals a card for the border and the case for investigators
// of XB, who later let XC read the case as well.
func Example() {
	border, investigator, later := newIdentity(), newIdentity(), newIdentity()
	// From the statement: the ledger's id and the author's signing key.
	ctx := seal.Context{Ledger: keys.ID{1}, Author: keys.ID{2}}

	body, err := seal.Seal(ctx, []seal.Part{
		{Compartment: seal.Card, Plaintext: []byte("stop, call XA"),
			Readers: []*keys.Recipient{border.Recipient(), investigator.Recipient()}},
		{Compartment: seal.Body, Plaintext: []byte("seen with a party of nine"),
			Readers: []*keys.Recipient{investigator.Recipient()}},
	})
	if err != nil {
		log.Fatal(err)
	}

	sealed, err := seal.Parse(body)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := sealed.Open(ctx, map[seal.Compartment][]*keys.Identity{
		seal.Card: {investigator},
		seal.Body: {investigator},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range opened {
		fmt.Printf("%s: %s\n", part.Compartment, part.Plaintext)
	}

	granter := keys.ID{3} // the investigator's signing key
	grants, err := sealed.Grants(ctx, granter, opened[1], []*keys.Recipient{later.Recipient()})
	if err != nil {
		log.Fatal(err)
	}
	shared, err := sealed.OpenGranted(ctx, granter, grants, map[seal.Compartment][]*keys.Identity{
		seal.Body: {later},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("shared: %s\n", shared[0].Plaintext)

	// Output:
	// card: stop, call XA
	// body: seen with a party of nine
	// shared: seen with a party of nine
}

func newIdentity() *keys.Identity {
	id, err := keys.GenerateIdentity()
	if err != nil {
		log.Fatal(err)
	}
	return id
}
