package native
import ("testing";"fmt")
func BenchmarkVS(b *testing.B){ for _,n:=range []int{0,4,8,12,16,32,64}{ b.Run(fmt.Sprint(n),func(b *testing.B){x:=make([]float64,n); for i:=range x {x[i]=float64(i)}; for b.Loop(){vectorSums(x)} })}}
