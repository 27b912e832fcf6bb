// Package links says how notices hang together: which of them hold the same
// telephone, wallet, document, account or vehicle, and what their authors say of
// how these belong to the people in them.
//
// Two notices are linked if an identifier of one equals one of the other in
// normal form ([query.Normal]). That is automatic, and all of it. A name links
// nothing: [Grow] lists namesakes as suggestions, marked as such, which a person
// confirms or not, and never goes on from one.
//
// Everything is bounded by [Limits]. An identifier that many notices hold, such
// as the telephone of a hotline, is a hub: it is shown with how many hold it, and
// not followed. So the work grows with the notices that are shown, never with the
// square of those that share something (MISP's correlations of everything with
// everything grew to hundreds of gigabytes).
//
// What is opened to a reader is all that goes in: a link over a notice that is
// not open here is not seen, and must not be.
//
// gonum.org/v1/gonum (its authors, active; BSD 3) writes Graphviz DOT and GEXF and
// places the nodes of a drawing, for which we would need two more encoders and the
// Barnes-Hut approximation. SVG is written by hand: static, without script.
//
// The package opens no file, reads no clock and starts no goroutine. Start reading
// at graph.go, then grow.go.
package links
