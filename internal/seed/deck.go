package seed

import (
	"bytes"
	"encoding/base32"
	"math/rand/v2"
	"slices"

	"letterlock/internal/letterlock"
)

// A deck gives out random bytes as they are needed for keys of one kind.
//
// It draws many at once and gives them out in their order. In the end the keys of
// all messages are as random as those of the product, but what is written at one
// time lies at rising places of each index, so that every page of it is fetched
// and written once and not again and again: it takes a third of the time. Loose
// gives them out in no order, as the product makes them.
type deck struct {
	random *rand.ChaCha8
	size   int // of one, bytes
	many   int // drawn at once
	drawn  []byte
	left   []int32 // which of drawn come next; a pointer to each would keep the garbage collector busy
}

func (d *deck) next() []byte {
	if len(d.left) == 0 {
		d.drawn, d.left = draw(d.random, d.many*d.size), make([]int32, d.many)
		for i := range d.left {
			d.left[i] = int32(i)
		}
		slices.SortFunc(d.left, func(a, b int32) int { return bytes.Compare(d.at(a), d.at(b)) })
	}
	b := d.at(d.left[0])
	d.left = d.left[1:]
	return b
}

func (d *deck) at(i int32) []byte {
	from := int(i) * d.size
	return d.drawn[from : from+d.size : from+d.size]
}

// loose returns random bytes in no order.
func (d *deck) loose() []byte { return draw(d.random, d.size) }

func draw(random *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	random.Read(b) // never fails
	return b
}

// decks are those of every kind of random key.
type decks struct {
	messages, recipients, names, hashes, tokens deck
	shuffled                                    bool // give out loose ones
}

// newDecks makes those for so many messages in a transaction.
func newDecks(random *rand.ChaCha8, many int) *decks {
	d := func(size int) deck { return deck{random: random, size: size, many: many} }
	return &decks{messages: d(16), recipients: d(16), names: d(16), hashes: d(32), tokens: d(32)}
}

func (d *decks) take(from *deck) []byte {
	if d.shuffled {
		return from.loose()
	}
	return from.next()
}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// id makes an ID like letterlock.NewID.
func (d *decks) id(from *deck) letterlock.ID {
	return letterlock.ID(encoding.EncodeToString(d.take(from)))
}
