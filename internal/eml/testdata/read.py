# Reads mails with Python's email package. On every line of its input stands the name
# of a file; for each it writes a line of JSON with what it finds in that mail.
import hashlib
import json
import sys
from email import message_from_bytes
from email.header import decode_header
from email.utils import collapse_rfc2231_value


def words(value):
    """The text of a header value with its encoded words decoded."""
    if value is None:
        return ""
    text = ""
    for piece, charset in decode_header(str(value)):
        if isinstance(piece, bytes):
            text += decoded(piece, charset or "utf-8")
        else:
            text += piece
    return text


def decoded(data, charset):
    try:
        return data.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return data.decode("utf-8", "replace")


def digest(data):
    return hashlib.sha256(data).hexdigest()


def part(p):
    data = p.get_payload(decode=True) or b""
    found = {"type": p.get_content_type(), "size": len(data)}
    lines = [line.rstrip(b" \t") for line in data.replace(b"\r\n", b"\n").split(b"\n")]
    found["bytes"] = digest(b"\n".join(lines).rstrip(b"\n"))
    name = p.get_param("filename", None, "content-disposition")
    if name is None:
        name = p.get_param("name")
    if name is not None:
        found["name"] = words(collapse_rfc2231_value(name))
    if p.get_content_maintype() == "text":
        text = decoded(data, p.get_content_charset() or "utf-8")
        found["text"] = digest(" ".join(text.split()).encode("utf-8", "replace"))
    return found


for line in sys.stdin:
    with open(line.rstrip("\n"), "rb") as f:
        raw = f.read()
    try:
        mail = message_from_bytes(raw)
        answer = {
            "subject": words(mail["subject"]),
            "parts": [part(p) for p in mail.walk() if not p.is_multipart()],
        }
    except Exception as e:
        answer = {"error": type(e).__name__}
    print(json.dumps(answer), flush=True)
