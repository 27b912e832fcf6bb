package node

import (
	"github.com/prometheus/client_golang/prometheus"
)

// keyDays shows for how many days the keys of the node's bureau are good, by label
// and use. A label may be on several keys of one use: the oldest counts.
type keyDays struct{ keyring *keyring }

var keyDaysDesc = prometheus.NewDesc("comity_key_days_left",
	"Days until the oldest key with this label and use is to be replaced; nothing ends then.", []string{"label", "use"}, nil)

// shownKeys bounds the labels that a scrape is given.
const shownKeys = 1024

// Describe names the metric.
func (c keyDays) Describe(ch chan<- *prometheus.Desc) { ch <- keyDaysDesc }

// Collect reads the ledger.
func (c keyDays) Collect(ch chan<- prometheus.Metric) {
	list, err := c.keyring.list()
	if err != nil {
		return // the other metrics are still worth having
	}
	now, err := c.keyring.now()
	if err != nil {
		return
	}
	told := make(map[[2]string]bool)
	for _, d := range list { // the oldest first
		name := [2]string{d.Label, useName(d.Use)}
		if told[name] || len(told) == shownKeys {
			continue
		}
		told[name] = true
		ch <- prometheus.MustNewConstMetric(keyDaysDesc, prometheus.GaugeValue, float64(c.keyring.left(d.since, now)), name[0], name[1])
	}
}
