package main

import (
	stdbinary "encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, maxBytes int64, limit time.Duration) string {
	server := httptest.NewServer(newService(maxBytes, limit, 2))
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, url, kind, body string) (int, []byte) {
	answer, err := http.Post(url, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	found, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, found
}

func packed(header string, values ...float64) string {
	body := append(stdbinary.LittleEndian.AppendUint32(nil, uint32(len(header))), header...)
	for _, value := range values {
		body = stdbinary.LittleEndian.AppendUint64(body, math.Float64bits(value))
	}
	return string(body)
}

func TestJSON(t *testing.T) {
	url := start(t, 1<<20, time.Minute)
	run := `{"theta0":[0,1],"omega":[1,2],"K":[[0,0],[0,0]],"dt":0.5,"n_steps":2}`
	for _, one := range []struct{ kernel, body, wanted string }{
		{"order_parameter", `{"theta":[0,0,0]}`, `{"value":1}`},
		{"mean_phase", `{"theta":[0.5]}`, `{"value":0.5}`},
		{"build_knm", `{"n":1}`, `{"K":[[0.45]]}`},
		{"build_knm", `{"n":1,"k_base":2}`, `{"K":[[2]]}`},
		{"networked_force", `{"theta":[0,0],"K":[[0,2],[1,0]]}`, `{"forces":[0,0]}`},
		{"kuramoto_euler", run, `{"last":[1,3]}`},
		{"kuramoto_rk4", run, `{"last":[1,3]}`},
		{"kuramoto_phases", run, `{"path":[[0,1],[0.5,2],[1,3]]}`},
		{"kuramoto_trajectory", strings.Replace(run, "[0,1]", "[1,1]", 1), ""},
	} {
		status, found := ask(t, url+prefix+one.kernel, text, one.body)
		if status != 200 || one.wanted != "" && strings.TrimSpace(string(found)) != one.wanted {
			t.Errorf("%s %s: %d %s", one.kernel, one.body, status, found)
		}
	}
}

func TestBinary(t *testing.T) {
	url := start(t, 1<<20, time.Minute)
	header := `{"arrays":[{"name":"theta","shape":[3]}]}`
	status, found := ask(t, url+prefix+"order_parameter", binary, packed(header, 0, 0, math.Pi))
	size := stdbinary.LittleEndian.Uint32(found)
	var told description
	if err := json.Unmarshal(found[4:4+size], &told); err != nil || status != 200 {
		t.Fatalf("%d %s", status, found)
	}
	value := math.Float64frombits(stdbinary.LittleEndian.Uint64(found[4+size:]))
	if told.Arrays[0].Name != "value" || math.Abs(value-1.0/3) > 1e-15 {
		t.Fatalf("%v %v", told, value)
	}
}

func TestRefusals(t *testing.T) {
	url := start(t, 1<<16, 200*time.Millisecond)
	long := `{"theta0":[0,1],"omega":[1,2],"K":[[0,0],[0,0]],"dt":0.5,"n_steps":2000000000}`
	for _, one := range []struct {
		kernel, kind, body string
		wanted             int
	}{
		{"nonesuch", text, `{}`, 404},
		{"order_parameter", "text/plain", `{"theta":[1]}`, 415},
		{"order_parameter", text, `[]`, 400},
		{"order_parameter", text, `{"theta":`, 400},
		{"order_parameter", text, `{}`, 400},
		{"order_parameter", text, `{"theta":[1,null]}`, 400},
		{"order_parameter", text, `{"theta":[]}`, 422},
		{"order_parameter", text, `{"theta":[1],"more":2}`, 422},
		{"order_parameter", text, `{"theta":[` + strings.Repeat("1,", 1<<16) + `1]}`, 413},
		{"networked_force", text, `{"theta":[1,2],"K":[[1,2],[3]]}`, 400},
		{"networked_force", text, `{"theta":[1,2],"K":[[1,2,3],[3,4,5]]}`, 422},
		{"build_knm", text, `{"n":0}`, 422},
		{"build_knm", text, `{"n":1.5}`, 422},
		{"build_knm", text, `{"n":3,"alpha":0}`, 422},
		{"build_knm", text, `{"n":1000}`, 413},
		{"build_knm", text, `{"n":1e300}`, 413},
		{"kuramoto_phases", text, long, 413},
		{"kuramoto_euler", text, long, 503},
		{"order_parameter", binary, "", 400},
		{"order_parameter", binary, "\xff\xff\xff\xff", 400},
		{"order_parameter", binary, packed(`{"arrays":[{"name":"theta","shape":[3]}]}`, 1), 400},
		{"order_parameter", binary, packed(`{"arrays":[{"name":"theta","shape":[-3]}]}`, 1), 422},
		{"order_parameter", binary, packed(`{"arrays":[{"name":"theta","shape":[2147483648]}]}`, 1), 413},
		{"order_parameter", binary, packed(`{"arrays":[{"name":"theta","shape":[1]}]}`, math.NaN()), 422},
		{"order_parameter", binary, packed(`{"arrays":[]}`), 422},
		{"order_parameter", binary, packed(`{"arrays":`), 400},
	} {
		status, found := ask(t, url+prefix+one.kernel, one.kind, one.body)
		var members struct{ Error, Hint string }
		if err := json.Unmarshal(found, &members); err != nil || status != one.wanted || members.Error == "" || members.Hint == "" {
			t.Errorf("%s %.60q: %d %s, wanted %d", one.kernel, one.body, status, found, one.wanted)
		}
	}
}

func TestAPageInABrowserIsRefused(t *testing.T) {
	request, _ := http.NewRequest(http.MethodGet, start(t, 1<<16, time.Second)+"/health", nil)
	request.Header.Set("Origin", "http://example.org")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Fatal(answer.Status)
	}
}

func TestOptions(t *testing.T) {
	for _, wrong := range [][]string{
		{"--listen", "0.0.0.0:0"}, {"--listen", ":0"}, {"--listen", "localhost"}, {"--listen", "example.org:80"},
		{"--max-bytes", "1"}, {"--calls", "0"}, {"--time-limit", "-1s"}, {"--threads", "-1"}, {"more"}, {"--nonesuch"},
	} {
		if _, err := parse(wrong, io.Discard); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
	for _, right := range [][]string{{}, {"--listen", "[::1]:0"}, {"--listen", "0.0.0.0:0", "--allow-remote"}} {
		if _, err := parse(right, io.Discard); err != nil {
			t.Errorf("%v: %v", right, err)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for option, wanted := range map[string]string{"--help": "usage:", "--version": "unset"} {
		var out strings.Builder
		if code := run([]string{option}, &out, io.Discard); code != 0 || !strings.Contains(out.String(), wanted) {
			t.Errorf("%s: %d %q", option, code, out.String())
		}
	}
	if code := run([]string{"--check", "http://127.0.0.1:1"}, io.Discard, io.Discard); code != 1 {
		t.Error("a sidecar that is not there is well")
	}
	if err := check(start(t, 1<<16, time.Second)); err != nil {
		t.Error(err)
	}
}
