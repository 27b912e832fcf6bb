package node

import (
	"bytes"
	"errors"

	"github.com/hashicorp/raft"
)

// errConfiguration is the one answer to bytes that are no membership of a cluster.
var errConfiguration = errors.New("malformed raft configuration")

// ParseConfiguration decodes the membership that a LogConfiguration entry or a
// snapshot carries. raft.DecodeConfiguration panics on bad bytes, so that one
// dishonest member could stop all the others with a single entry; this refuses
// them, and whatever raft itself would refuse or would encode otherwise. It says
// nothing about whether the change is authorised.
func ParseConfiguration(data []byte) (conf raft.Configuration, err error) {
	if len(data) > maxConfiguration {
		return raft.Configuration{}, errConfiguration
	}
	defer func() {
		if recover() != nil {
			conf, err = raft.Configuration{}, errConfiguration
		}
	}()
	conf = raft.DecodeConfiguration(data)
	if err := checkConfiguration(conf); err != nil {
		return raft.Configuration{}, err
	}
	if !bytes.Equal(raft.EncodeConfiguration(conf), data) {
		return raft.Configuration{}, errConfiguration
	}
	return conf, nil
}

// checkConfiguration demands at least one voter, and of every server a name and
// an address that no other has.
func checkConfiguration(conf raft.Configuration) error {
	ids, addrs := make(map[raft.ServerID]bool), make(map[raft.ServerAddress]bool)
	voters := 0
	for _, s := range conf.Servers {
		if s.ID == "" || len(s.ID) > maxName || ids[s.ID] || s.Address == "" || len(s.Address) > maxName || addrs[s.Address] {
			return errConfiguration
		}
		ids[s.ID], addrs[s.Address] = true, true
		switch s.Suffrage {
		case raft.Voter:
			voters++
		case raft.Nonvoter:
		default:
			return errConfiguration
		}
	}
	if voters == 0 {
		return errConfiguration
	}
	return nil
}
