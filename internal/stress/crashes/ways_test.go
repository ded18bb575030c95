package crashes

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"letterlock/internal/mailtest"
)

// A way is how a client reaches the server.
type way struct {
	name   string
	base   string // of addresses
	host   string // what the client takes the server for
	proto  int    // the version of HTTP that it must be
	client *http.Client
}

// waysTo returns the ways to a server: two through a proxy, and the direct one. A
// careless proxy keeps what it is told not to keep, and has no way around it.
func waysTo(t *testing.T, server string, careless bool) []way {
	t.Helper()
	ca, public := mailtest.NewCA(t), mailtest.FreeAddress(t)
	startProxy(t, ca, public, server, careless)
	trust := func() *tls.Config { return &tls.Config{RootCAs: ca.Pool()} } // each is its transport's, which writes into it
	two := &http.Transport{TLSClientConfig: trust(), Protocols: new(http.Protocols)}
	two.Protocols.SetHTTP2(true)
	one := &http.Transport{TLSClientConfig: trust(), Protocols: new(http.Protocols), MaxIdleConnsPerHost: 100}
	one.Protocols.SetHTTP1(true)
	ways := []way{
		{name: "HTTP/2, proxy", base: "https://" + public, host: public, proto: 2, client: clientOf(two)},
		{name: "HTTP/1.1, proxy", base: "https://" + public, host: public, proto: 1, client: clientOf(one)},
	}
	if !careless {
		ways = append(ways, way{name: "HTTP/1.1", base: "http://" + server, host: public, proto: 1, client: clientOf(&http.Transport{MaxIdleConnsPerHost: 100})})
	}
	t.Cleanup(func() {
		for _, w := range ways {
			w.client.CloseIdleConnections()
		}
	})
	return ways
}

func clientOf(t *http.Transport) *http.Client {
	return &http.Client{Transport: t, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// proxyFile is nginx set up to keep whatever it is allowed to keep, and to serve that
// while the server is gone.
const proxyFile = `daemon off;
user %s;
worker_processes 1;
pid %[2]s/pid;
error_log %[2]s/error.log crit;
events { worker_connections 2000; }
http {
	access_log off;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	proxy_cache_path %[2]s/cache keys_zone=all:4m;
	upstream server { server %[3]s max_fails=0; keepalive 32; }
	server {
		listen %[4]s ssl http2;
		ssl_certificate %[2]s/cert.pem;
		ssl_certificate_key %[2]s/key.pem;
		keepalive_requests 1000000;
		location / {
			proxy_pass http://server;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Connection "";
			proxy_set_header X-Forwarded-For $remote_addr;
			proxy_cache all;
			proxy_cache_valid any 1h;
			proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
			%[5]s
		}
	}
}
`

// startProxy starts nginx and returns when it takes connections.
func startProxy(t *testing.T, ca *mailtest.CA, public, server string, careless bool) {
	t.Helper()
	dir := t.TempDir()
	host, _, _ := net.SplitHostPort(public)
	cert, key := mailtest.Files(t, ca.Issue(host))
	more := ""
	if careless {
		more = "proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;"
	}
	file := filepath.Join(dir, "nginx.conf")
	err := errors.Join(os.WriteFile(filepath.Join(dir, "cert.pem"), cert, 0o600), os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600),
		os.WriteFile(file, fmt.Appendf(nil, proxyFile, "root", dir, server, public, more), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	said := &strings.Builder{}
	cmd := exec.Command(nginx(t), "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // its workers end with it; it may have ended
		<-ended
	})
	awaitListener(t, public, ended, said)
}

// awaitListener waits until somebody listens.
func awaitListener(t *testing.T, address string, ended chan error, said *strings.Builder) {
	t.Helper()
	knock := time.NewTicker(10 * time.Millisecond)
	defer knock.Stop()
	tooLong := time.After(patience)
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close() // it was to be seen that there is one
			return
		}
		select {
		case <-knock.C:
		case err := <-ended:
			ended <- err
			t.Fatalf("the proxy ended with %v:\n%s", err, said)
		case <-tooLong:
			t.Fatal("the proxy does not listen")
		}
	}
}

func nginx(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"nginx", "/usr/sbin/nginx"} { // servers are not on everybody's path
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatal("nginx is missing: 'make programs' installs it")
	return ""
}
