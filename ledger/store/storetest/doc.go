// Package storetest holds what every [store.Store] must do, as one test to be
// run against each, and a small history to fill one with.
package storetest
