// Package browser tries the playground in a real browser: what a customer and an agent see, on a desk and on a phone,
// and that both pages go on after the process was killed. It is run by `make browser`.
package browser
