package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/crypto/seal"
	"comity/node/client"
	"comity/node/wire"
)

// askPause is between two questions to the bureau's desk whether there is news: to
// ask costs next to nothing.
const askPause = time.Second

// opensSomething refuses to watch where nothing could be told: answers are sealed
// to the bureau's key for bodies.
func (w *watcher) opensSomething(ctx context.Context) (err error) {
	if w.remote != nil {
		if err := w.readCases(ctx); err != nil {
			return err
		}
		return w.opensAnswers(w.opens(seal.Body))
	}
	if w.ids, err = w.home.Identities(w.passphrase); err != nil {
		return err
	}
	return w.opensAnswers(len(w.ids[seal.Body]) > 0)
}

// roundOfDesk asks the bureau's desk for what is new and tells it. That the desk
// cannot be reached ends no watch; that it refuses does.
func (w *watcher) roundOfDesk(ctx context.Context) error {
	for {
		limited, cancel := context.WithTimeout(ctx, watchWait)
		n, problem, err := w.remote.Events(limited, w.at, w.due, w.purpose)
		cancel()
		var away *client.Unreachable
		if errors.As(err, &away) || wire.Retryable(err) || errors.Is(err, context.DeadlineExceeded) {
			w.syncErr = err
			w.reached(ctx, err)
			return nil
		}
		if err != nil {
			return err
		}
		w.syncErr = nil
		if problem != "" {
			w.syncErr = errors.New("the desk has no news: " + problem)
		}
		w.reached(ctx, w.syncErr)
		again := n.After != w.at && (n.After.Next < n.Size || len(n.Events) > 0)
		if err := w.tellAll(n); err != nil || !again {
			return err
		}
	}
}

// waitForDesk returns when it is time to ask the desk again, and false when the
// watch is over.
func (w *watcher) waitForDesk(ctx context.Context) bool {
	if !w.told {
		return pause(ctx, askPause)
	}
	defer func() { w.backoff = min(2*w.backoff, lastPause) }()
	return pause(ctx, w.backoff)
}

// follows returns whom the watch asks for news.
func (w *watcher) follows() fmt.Stringer {
	if w.remote != nil {
		return w.remote
	}
	return w.client
}
