package node

import (
	"math"
	"net/http"

	"comity/ledger/state"
	"comity/node/wire"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what /metrics shows, for one node; several nodes in one process
// have one each.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	submit   prometheus.Histogram
}

// newMetrics returns those of a node.
func newMetrics(r *replica) *metrics {
	m := servedMetrics(&r.served, r, r.cfg.Dir)
	m.registry.MustRegister(
		gauge("comity_leader", "1 if this node leads.", func() float64 {
			if r.state() == "leader" {
				return 1
			}
			return 0
		}),
		refusalCounter(r, RefusedConflict), refusalCounter(r, RefusedDeletion), refusalCounter(r, RefusedOverwrite),
		gauge("comity_cosign_muted", "1 if this node does not cosign before its keys are changed.", func() float64 {
			if r.gossip.witness.silence() != "" {
				return 1
			}
			return 0
		}),
		gauge("comity_seen_elsewhere", "Statements refused since the start whose authors had seen another history.", func() float64 { return float64(r.seenCount.Load()) }),
		gauge("comity_raft_commit_index", "Last committed Raft index known here.", func() float64 { return float64(r.raft.CommitIndex()) }),
		gauge("comity_raft_applied_index", "Last applied Raft index.", func() float64 { return float64(r.store.Applied()) }),
		gauge("comity_raft_term", "Raft term.", func() float64 { return float64(r.raft.CurrentTerm()) }),
		gauge("comity_purges_pending", "Purges that this node's Raft log has not forgotten yet.", func() float64 {
			n, err := r.purger.pending()
			if err != nil {
				return -1
			}
			return float64(n)
		}),
		keyDays{r.keyring},
	)
	return m
}

// servedMetrics returns those that nodes and read replicas have in common.
func servedMetrics(v *served, back backend, dir string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_requests_total",
			Help: "Requests answered, by route and result; refused ones by code."}, []string{"route", "result"}),
		submit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "comity_submit_seconds",
			Help: "Time from a submission to its commit.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	m.registry.MustRegister(m.requests, m.submit, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("comity_entries", "Entries in the ledger as applied by this node.", func() float64 {
			head, err := state.ReadHead(v.store)
			if err != nil {
				return -1
			}
			return float64(head.Size)
		}),
		gauge("comity_final_entries", "Entries under the last FINAL checkpoint.", func() float64 {
			if f := v.final.Load(); f != nil {
				return float64(f.at.Size)
			}
			return 0
		}),
		gauge("comity_ready", "1 if this node can serve.", func() float64 {
			if ok, _ := back.ready(); ok {
				return 1
			}
			return 0
		}),
		gauge("comity_alarms", "Things that people must look at.", func() float64 { return float64(len(v.raised())) }),
		gauge("comity_alarm", "1 if there is something that people must look at, or a faulty member.", func() float64 {
			if len(v.raised()) > 0 || faulty(v) != 0 {
				return 1
			}
			return 0
		}),
		gauge("comity_faulty_members", "Members whose nodes cosigned another history.", func() float64 { return float64(faulty(v)) }),
		gauge("comity_evidence_files", "Proofs of that which this node keeps.", func() float64 { return float64(v.proofs.count()) }),
		gauge("comity_disk_used_bytes", "What this node's data takes.", func() float64 { used, _ := diskUse(dir); return told(used) }),
		gauge("comity_disk_free_bytes", "What is free where this node's data is.", func() float64 { return told(diskFree(dir)) }),
		gauge("comity_disk_days_left", "Days until the disk is full if the ledger goes on growing as in its last 30 days.", func() float64 {
			n, err := v.diskDays(diskUse(dir))
			if err != nil {
				return math.NaN()
			}
			return told(n)
		}),
		gauge("comity_final_age_seconds", "Age of the last entry that is FINAL while others wait to be; 0 while none does.", func() float64 { return v.finalAge().Seconds() }),
		gauge("comity_silent_members", "Members that did not cosign the last FINAL checkpoint, or not yet.", func() float64 {
			f := v.final.Load()
			if f == nil {
				return 0
			}
			return float64(len(v.roster.policy(f.at.Size).Witness) - len(f.at.Cosigs))
		}),
	)
	m.registry.MustRegister(purgeGauges(v)...)
	return m
}

// gauge is a metric that is asked for its value.
func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

// told is a figure that may be -1 for what cannot be told: no alert is to fire on it.
func told(n int64) float64 {
	if n < 0 {
		return math.NaN()
	}
	return float64(n)
}

// purgeGauges say how far purges are.
func purgeGauges(v *served) []prometheus.Collector {
	return []prometheus.Collector{
		gauge("comity_purges", "Purges in the ledger.", func() float64 {
			n, err := state.ReadPurges(v.store)
			if err != nil {
				return -1
			}
			return float64(n)
		}),
		gauge("comity_purges_unacknowledged", "Purges that some node has not acknowledged, of the oldest 1,024.", func() float64 { return float64(unacknowledged(v, 0)) }),
		gauge("comity_purges_overdue", "Purges that some node should have acknowledged, and has not, of the oldest 1,024.", func() float64 {
			head, err := state.ReadHead(v.store)
			if err != nil {
				return -1
			}
			return float64(unacknowledged(v, max(head.Time, uint64(max(v.clock().UnixMilli(), 1)))))
		}),
	}
}

func refusalCounter(r *replica, what RefusalKind) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "comity_guard_refusals_total",
		Help:        "Requests of other nodes to take back what this node has applied, by the guard that refused.",
		ConstLabels: prometheus.Labels{"what": what.String()}}, func() float64 { return float64(r.refusals[what].Load()) })
}

// faulty returns the number of faulty members, -1 when it cannot be read.
func faulty(v *served) int {
	list, err := v.machine.Faults(v.store)
	if err != nil {
		return -1
	}
	return len(list)
}

// unacknowledged returns the number of purges that some node has not acknowledged,
// of those only that are overdue if now is not 0; -1 when it cannot be read.
func unacknowledged(v *served, now uint64) int {
	open, err := v.purges.waiting()
	if err != nil {
		return -1
	}
	n := 0
	for _, u := range open {
		if now == 0 || len(u.Overdue(now)) > 0 {
			n++
		}
	}
	return n
}

// adminHandler serves what operators' machines ask: no secret, no content.
func (a *api) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+wire.PathLive, func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-a.done:
			http.Error(w, "stopped", http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte("ok\n"))
		}
	})
	mux.HandleFunc("GET "+wire.PathReady, func(w http.ResponseWriter, _ *http.Request) {
		if ok, why := a.back.ready(); !ok {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET "+wire.PathMetrics, promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}
