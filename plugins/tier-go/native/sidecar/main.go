// polytier-go-sidecar serves the kernels of polytier's Go tier over HTTP.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	native "polytier.org/tier-go"
)

const usage = `usage: polytier-go-sidecar [options]

Serves the kernels of polytier's Go tier over HTTP until SIGTERM or SIGINT.

options:
  --listen HOST:PORT   where to listen; port 0 takes a free one (default 127.0.0.1:8765)
  --allow-remote       permit a HOST that other machines can reach; there is no authentication
  --max-bytes N        most bytes of a request's body, and of an answer's (default 268435456)
  --time-limit D       longest time for one call, such as 30s (default 60s)
  --calls N            calls that compute at once; others wait (default 4)
  --threads N          threads for one call; 0 takes the CPUs, at most eight (default 0)
  --check URL          ask a running sidecar for its health, and exit with 0 if it is well
  --version            print the digest of the sources this was built from
  --help               print this
`

type options struct {
	listen, check   string
	remote, version bool
	maxBytes        int64
	timeLimit       time.Duration
	calls, threads  int
}

func parse(arguments []string, errs io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("polytier-go-sidecar", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8765", "")
	flags.StringVar(&o.check, "check", "", "")
	flags.BoolVar(&o.remote, "allow-remote", false, "")
	flags.BoolVar(&o.version, "version", false, "")
	flags.Int64Var(&o.maxBytes, "max-bytes", 256<<20, "")
	flags.DurationVar(&o.timeLimit, "time-limit", time.Minute, "")
	flags.IntVar(&o.calls, "calls", 4, "")
	flags.IntVar(&o.threads, "threads", 0, "")
	err := flags.Parse(arguments)
	if err == nil {
		err = o.refusal(flags.Args())
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(errs, "polytier-go-sidecar: %v\nhint: polytier-go-sidecar --help lists the options\n", err)
	}
	return o, err
}

// refusal says what is wrong with options that could be read.
func (o *options) refusal(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case o.maxBytes < 1024 || o.maxBytes > 1<<40:
		return fmt.Errorf("--max-bytes %d is not between 1024 and 2^40", o.maxBytes)
	case o.timeLimit <= 0 || o.calls < 1 || o.threads < 0 || o.threads > 1024:
		return errors.New("--time-limit and --calls must be positive, --threads between 0 and 1024")
	}
	host, _, err := net.SplitHostPort(o.listen)
	if err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT", o.listen)
	}
	if !o.remote && !loopback(host) {
		return fmt.Errorf("--listen %s can be reached by other machines, which --allow-remote must permit", o.listen)
	}
	return nil
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(arguments []string, out, errs io.Writer) int {
	o, err := parse(arguments, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		return 2
	case o.version:
		fmt.Fprintln(out, native.Digest)
		return 0
	case o.check != "":
		err = check(o.check)
	default:
		err = serve(o, out)
	}
	if err != nil {
		fmt.Fprintf(errs, "polytier-go-sidecar: %v\n", err)
		return 1
	}
	return 0
}

// serve listens until a signal ends it; calls that run then have ten seconds to end.
func serve(o options, out io.Writer) error {
	native.SetThreads(o.threads)
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	ending, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	calls, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := &http.Server{
		Handler:           newService(o.maxBytes, o.timeLimit, o.calls),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       o.timeLimit,
		WriteTimeout:      3 * o.timeLimit,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
		BaseContext:       func(net.Listener) context.Context { return calls },
	}
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
		return err
	case <-ending.Done():
	}
	grace, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	if err = server.Shutdown(grace); err != nil {
		cancel()
		return errors.Join(err, server.Close())
	}
	return nil
}

// check asks a sidecar for its health.
func check(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(strings.TrimSuffix(url, "/") + "/health")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}
