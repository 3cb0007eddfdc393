module polytier.org/tier-go

go 1.26.0
