package bench

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// roleVariable tells this program, started again, which server it is to be.
const roleVariable = "LETTERLOCK_BENCH_ROLE"

// sizes say how much is done. Those of the flags make a run of about a quarter
// of an hour on two cores, half of it for a million messages.
type sizes struct {
	pairs   int           // product and limit, measured in turns
	round   time.Duration // of one side of a pair
	few     int           // connections at once
	many    int           // connections at once, where there are many
	once    int           // messages that one round of first reads or revocations uses up
	stored  int           // mails behind the figures for memory and start
	big     int           // bytes of the large mail
	file    int           // bytes of the files of one message
	folder  string        // where the databases are; empty: the system's temporary one
	profile string        // folder for profiles of the product; empty: none

	messages counts // in the databases that administrators ask
	archives string // folder where those are kept for the next run; empty: they are not
}

var (
	table = flag.Bool("table", false, "measure, and print the table")
	only  = flag.String("only", "", "measure one section: intake, fsync, portal, files, weight, memory, trace")
	size  = sizes{few: 16, many: 64, messages: counts{1000, 100_000, 1_000_000}}
)

func defineFlags() {
	flag.IntVar(&size.pairs, "pairs", 5, "how many pairs of product and limit a figure is the median of")
	flag.DurationVar(&size.round, "round", 1500*time.Millisecond, "how long one side of a pair is measured")
	flag.IntVar(&size.once, "once", 320, "messages that one round of first reads or revocations uses up")
	flag.IntVar(&size.stored, "stored", 10_000, "mails that are stored before memory and start are measured")
	flag.IntVar(&size.big, "big", 100<<20, "bytes of the large mail")
	flag.IntVar(&size.file, "file", 150<<20, "bytes of the files of one message")
	flag.StringVar(&size.folder, "folder", "", "where to put the databases; default: the temporary folder")
	flag.Var(&size.messages, "messages", "messages in each of the databases that administrators ask, the fewest first")
	flag.StringVar(&size.archives, "archives", "", "folder where those databases are kept for the next run; default: they are not kept")
	flag.StringVar(&size.profile, "profile", "", "folder for CPU profiles of the product; default: none")
}

// full makes the sizes those that the goals were written for.
func (s *sizes) full() {
	s.pairs, s.round, s.once, s.stored = 9, 5*time.Second, 1600, 100_000
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := serve(role, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		return
	}
	defineFlags()
	flag.Parse()
	if os.Getenv("LETTERLOCK_BENCH_FULL") == "1" {
		size.full()
	}
	os.Exit(m.Run())
}

func TestTable(t *testing.T) {
	if !*table {
		t.Skip("measuring takes minutes: make bench")
	}
	b := &bench{t: t, sizes: size, table: &report{}}
	b.measure(*only)
	b.table.print(os.Stdout, b.conditions(), b.sizes.messages)
}

// TestBothSidesDoTheWork keeps the measurement from rotting: everything in small.
func TestBothSidesDoTheWork(t *testing.T) {
	b := &bench{t: t, table: &report{}, sizes: sizes{pairs: 1, round: 20 * time.Millisecond, few: 2, many: 4, once: 16, stored: 20, big: 1 << 20, file: 1 << 20, folder: t.TempDir(), messages: counts{60, 120}}}
	b.intake()
	b.portal()
	b.files()
	b.weight()
	b.memory()
	b.trace()
	if len(b.table.lines) < 20 || len(b.table.grown) < 20 {
		t.Errorf("the tables have %d and %d lines", len(b.table.lines), len(b.table.grown))
	}
}
