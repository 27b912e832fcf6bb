// Package dist holds what a node is packaged with, and no code: systemd units,
// alert rules and a dashboard for Prometheus and Grafana, and how the deb, the rpm
// and the container file are made. README.md says how to use them.
package dist
