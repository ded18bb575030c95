package rtf

import "strings"

// maxDecoded is how many runs of characters are decoded as a whole. Each costs a
// decoder of its own, and a text can begin a new run with every character.
const maxDecoded = 50_000

// alphabet writes the waiting bytes. Of alphabets in which each byte is a character,
// single ones come from a table, and all of them once too much was decoded; other
// alphabets cannot be read from there on.
func (r *reader) alphabet() {
	if r.decoded++; !single(r.pageOf) || len(r.bytes) > 1 && r.decoded <= maxDecoded {
		if r.decoded > maxDecoded {
			r.write("\uFFFD")
			return
		}
		r.write(r.decode(r.bytes, r.pageOf))
		return
	}
	table := r.tables[r.pageOf]
	if table == nil {
		table = new([256]string)
		for i := range table {
			table[i] = r.decode([]byte{byte(i)}, r.pageOf)
		}
		r.tables[r.pageOf] = table
	}
	if len(r.bytes) == 1 {
		r.write(table[r.bytes[0]])
		return
	}
	var b strings.Builder
	for _, c := range r.bytes {
		b.WriteString(table[c])
	}
	r.write(b.String())
}

// single reports whether each byte is a character in a codepage.
func single(page int) bool {
	return page == 874 || 1250 <= page && page <= 1258 || 28591 <= page && page <= 28605 || page == 20866
}
