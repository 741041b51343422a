module revenprox.io/bench/load

go 1.26
