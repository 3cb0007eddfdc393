//go:build !(goexperiment.simd && amd64)

package native

// wide returns no level: without the compiler's vector types there is the baseline alone.
func wide() []level { return nil }
