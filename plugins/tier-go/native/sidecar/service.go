package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	native "polytier.org/tier-go"
)

const (
	protocol = 1
	binary   = "application/vnd.polytier.arrays"
	text     = "application/json"
	prefix   = "/v1/kernels/"
)

// refusal is an error that says with which status it is answered.
type refusal struct {
	status        int
	message, hint string
	// kind tells a program that a kernel itself refuses its arguments.
	kind string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, hint, format string, arguments ...any) error {
	return &refusal{status, fmt.Sprintf(format, arguments...), hint, ""}
}

// service answers requests.
type service struct {
	maxBytes  int64
	timeLimit time.Duration
	places    chan struct{}
}

func newService(maxBytes int64, timeLimit time.Duration, calls int) http.Handler {
	s := &service{maxBytes, timeLimit, make(chan struct{}, calls)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("POST "+prefix+"{name}", s.call)
	return guarded(mux)
}

// guarded refuses requests that a page in a browser makes, and answers a panic instead of dropping the connection.
func guarded(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Header.Get("Origin") != "" {
			fail(w, refuse(http.StatusForbidden, "call from a program", "requests of web pages are not answered"))
			return
		}
		if err := native.Contained(func() error { inner.ServeHTTP(w, r); return nil }); err != nil {
			fail(w, refuse(http.StatusInternalServerError, "report it with the request", "a defect: %v", err))
		}
	})
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, map[string]any{
		"status": "ok", "protocol": protocol, "digest": native.Digest, "level": native.Level(),
		"kernels": names(), "max_bytes": s.maxBytes,
	})
}

// call runs one kernel.
func (s *service) call(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeLimit)
	defer cancel()
	if err := s.serve(ctx, w, r); err != nil {
		fail(w, err)
	}
}

func (s *service) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	k, known := kernels[r.PathValue("name")]
	if !known {
		return refuse(http.StatusNotFound, "known: "+strings.Join(names(), ", "), "no kernel %q", r.PathValue("name"))
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != binary && kind != text {
		return refuse(http.StatusUnsupportedMediaType, "send "+text+" or "+binary, "content type %q", kind)
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-ctx.Done():
		return refuse(http.StatusServiceUnavailable, "try again later", "all %d places are taken", cap(s.places))
	}
	c := &call{kernel: k, limit: s.maxBytes}
	defer c.release()
	read, write := c.readText, c.writeText
	if kind == binary {
		read, write = c.readBinary, c.writeBinary
	}
	if err := read(w, r); err != nil {
		return err
	}
	if err := c.prepare(); err != nil {
		return err
	}
	if err := k.run(c, func() bool { return ctx.Err() == nil }); err != nil {
		return err
	}
	return write(w)
}

// fail answers an error; where an answer has begun nothing more is sent.
func fail(w http.ResponseWriter, err error) {
	const unprocessable = http.StatusUnprocessableEntity
	var known *refusal
	var value *native.RefusalError
	switch {
	case errors.As(err, &known):
	case errors.As(err, &value):
		known = &refusal{unprocessable, value.Found, value.Hint, "value"}
	case errors.Is(err, native.ErrMemory):
		known = &refusal{http.StatusInsufficientStorage, err.Error(), "ask for less, for instance fewer steps", ""}
	case errors.Is(err, native.ErrStopped):
		known = &refusal{http.StatusServiceUnavailable, err.Error(), "ask for less, or allow more with --time-limit", ""}
	case errors.Is(err, native.ErrNotFinite):
		known = &refusal{unprocessable, err.Error(), "send finite numbers", ""}
	default:
		known = &refusal{http.StatusBadRequest, err.Error(), "see PROTOCOL.md", ""}
	}
	members := map[string]any{"error": known.message, "hint": known.hint}
	if known.kind != "" {
		members["kind"] = known.kind
	}
	send(w, known.status, members)
}

func send(w http.ResponseWriter, status int, content any) {
	body, err := json.Marshal(content)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", text)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)+1))
	w.WriteHeader(status)
	// Whoever hung up does not read that this failed.
	_, _ = w.Write(append(body, '\n'))
}
