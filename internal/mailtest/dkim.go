package mailtest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
)

// dkimScript is for Debian's Python, where its package is: there may be another Python
// that has no dkimpy. It reads from its input a line of JSON, the records of the DNS by
// their names, and a mail behind it, and prints what dkimpy says of each signature.
const dkimScript = `
import sys, json, dkim
records = json.loads(sys.stdin.buffer.readline())
mail = sys.stdin.buffer.read()
def ask(name, timeout=5):
    text = records.get(name.decode().rstrip('.'))
    return text.encode() if text else None
verdicts = []
for i in range(sum(1 for name, _ in dkim.rfc822_parse(mail)[0] if name.lower() == b'dkim-signature')):
    d = dkim.DKIM(mail)
    try:
        good = d.verify(idx=i, dnsfunc=ask)
        why = '' if good else 'not good'
    except dkim.DKIMException as e:
        why = type(e).__name__ + ': ' + str(e)
    verdicts.append(why)
print(json.dumps(verdicts))
`

// VerifyDKIM has dkimpy, a verifier that shares no code with ours, look at every
// signature of a mail, the first one first. For each it returns why it is not good; ""
// if it is. records are the TXT records of the DNS by their names.
func VerifyDKIM(t testing.TB, mail []byte, records map[string]string) (verdicts []string) {
	t.Helper()
	known, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-c", dkimScript)
	cmd.Stdin = bytes.NewReader(append(append(known, '\n'), mail...))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dkimpy: %v; is it missing? Run 'make programs'.\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatal(err)
	}
	return verdicts
}
