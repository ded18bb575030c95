package sanitize

import (
	"slices"
	"strings"
	"testing"

	"letterlock/internal/cputime"
)

// found reports whether a word stands alone in one of the readings of a body.
func found(body, word string) bool {
	for _, r := range Readings(body) {
		if slices.Contains(strings.Fields(r), word) {
			return true
		}
	}
	return false
}

func TestWhatStandsWithinAWordDoesNotSplitIt(t *testing.T) {
	if found(`<p>nee<div style="display:none">x</div>dle`, "needle") { // the paragraph ends
		t.Error("a block does not end the paragraph before it")
	}
	if !found(`<p>nee</div>dle`, "needle") {
		t.Error("an end tag that ends nothing splits a word")
	}
	const sheet = `<style>/* x */ td .Hid, p.x{display:NONE!important} #no{font:0/0 a} i{visibility:hidden} .w{color:rgb(255,255,255)}</style>`
	for _, within := range []string{
		`<a href="https://a.example/x">`, `</a>`, `<!-- x -->`, `<b></b>`, `<wbr>`, `<span>`, `</span>`, `<u><s>`, `<font color=red>`, `<x-y>`,
		`<img src=cid:a>`, `<img alt=picture src=cid:a>`, `<style>x</style>`, `<script>x</script>`, `<input type=hidden value=x>`, `</td>`,
		`<span style="display:none">x</span>`, `<span style="DISPLAY : none !important">x</span>`, `<span hidden>x</span>`, `<span style="font-size:0">x</span>`,
		`<span style="font-size:1px">x</span>`, `<span style="font-size:0.01em">x</span>`, `<span style="font:0/0 a">x</span>`, `<span style="visibility:hidden">x</span>`,
		`<span style="opacity:0">x</span>`, `<span style="color:#fff">x</span>`, `<span style="color:white">x</span>`, `<span style="color:#fefefe">x</span>`,
		`<span style="color:transparent">x</span>`, `<span style="color:rgba(0,0,0,0)">x</span>`, `<span style="background:#000">x</span>`, `<font color=ffffff>x</font>`,
		`<span style="mso-hide:all">x</span>`, `<span style="position:absolute;left:-9999px">x</span>`, `<span style="max-height:0;overflow:hidden">x</span>`,
		`<span style="display:none"><b>x</b> y <div>z</div></span>`, `<div style="display:none">x</div>`, `<div style="display:inline">`, `<br style="display:none">`,
		`<span style="font-size:0"><i style="font-size:2em">x</i></span>`, sheet + `<span class="a Hid">x</span>`, sheet + `<span id=no>x</span>`, sheet + `<i>x</i>`, sheet + `<span class=w>x</span>`,
		`<template>x</template>`, `<span style="display:none">x<span>y</span></span>`, `<span style="dis/**/play:none;display:/**/none">x</span>`,
	} {
		if body := "<div>a nee" + within + "dle b"; !found(body, "needle") {
			t.Errorf("no needle in %s\n%q", body, Readings(body))
		}
	}
}

func TestWhatStandsApartIsFoundAsAWord(t *testing.T) {
	for _, body := range []string{
		`x<br>needle<br>x`, `x<div>needle</div>x`, `x<p>needle<p>x`, `<td>x<td>needle<td>x`, `<li>x<li>needle<li>x`, `x<hr>needle<hr>x`, `x</p>needle</p>x`, `<pre>x` + "\nneedle\n" + `x</pre>`,
		`x<span style="display:none">needle</span>x`, `x<span hidden>needle</span>x`, `<div style="display:none">needle</div>`, `<p style="font-size:0">needle`,
		`x<span style="display:block">needle</span>x`, `x<span style="float:left">needle</span>x`, `x<img>needle<img>x`, `<a href="https://a.example/"> needle </a>`,
		`<img alt="x needle x">`, `x<div style="display:inline"> needle </div>x`, `<i>n</i>eedle`, `<b>n<i>e</b>e</i>dle`, `<p hidden>x<p>needle`, `<li hidden>x<li>needle`,
		`<div style="font-size:0"><span style="font-size:14px">needle</span></div>`, `<div style="visibility:hidden"><b style="visibility:visible">needle</b>x</div>`,
		`<body bgcolor=black><font color=white>needle</font>`, `<div hidden>x</div></span></b>needle`, `<span hidden>x<div>y</span>z</div> needle`, strings.Repeat("<div>", 400) + "needle" + strings.Repeat("</div>", 400) + "x",
		`<noscript>needle</noscript>`, `needle <`, `&#110;eedle`, "need\xffle needle", `<style>needle</style><p>needle`,
	} {
		if !found(body, "needle") {
			t.Errorf("no needle in %s\n%q", body, Readings(body))
		}
	}
	for body, want := range map[string]int{"<p>Dear <b>all</b>, <a href=https://a.example>look</a><p>Ada": 1, "a<span hidden>b</span>c": 3, "a<img>b": 2, `<div style="display:none">Preview</div><p>a`: 2} {
		if list := Readings(body); len(list) != want {
			t.Errorf("%s is read in %d ways, want %d: %q", body, len(list), want, list)
		}
	}
}

func TestWhatIsNoTextIsNotRead(t *testing.T) {
	for _, body := range []string{"<!-- needle -->", "<style>needle</style>", "<script>needle</script>", "<p title=needle class=needle>x", "nee dle", "nee<br>dle", "nee<p>dle", "<td>nee<td>dle", "nee<span> </span>dle"} {
		if found(body, "needle") {
			t.Errorf("a needle in %s\n%q", body, Readings(body))
		}
	}
	if list := Readings(`<p>Look <a href="https://a.example/x">here</a> and <img alt="Our  logo"> there`); len(list) != 1 || list[0] != "Look here and there\nhttps://a.example/x\nOur logo" {
		t.Errorf("%q", list)
	}
}

func TestReadingsTakeLinearTime(t *testing.T) {
	deep := strings.Repeat("<ul><li><ul>"+strings.Repeat("<div>", 80), 3)
	for name, body := range map[string]string{
		"paragraphs": fill(4<<20, "<p>x"), "blocks": fill(4<<20, "<div>"), "deep blocks": deep + fill(4<<20, "<div></div>"), "items": deep + fill(4<<20, "<li></li>"), "ends": deep + fill(4<<20, "</b></ul></x>"),
		"formatting": fill(4<<20, "<b>"), "cells": fill(4<<20, "<table><td>"), "links": fill(4<<20, "<a href=http://a.example>x"), "styles": fill(4<<20, `<i style="display:none">x`),
		"rules": "<style>" + fill(1<<20, ".a{color:red}") + "</style>" + fill(3<<20, "<i class=a>"), "classes": "<style>" + fill(1<<20, "i{color:red}") + "</style>" + fill(3<<20, "<i class='a b c d e f'>"),
		"open braces": "<style>" + fill(1<<20, "p{"), "angle brackets": fill(4<<20, "<"), "almost a sheet": fill(4<<20, "<styl"), "spaces": fill(4<<20, " "), "lines": "<pre>" + fill(4<<20, "\n"), "comments": fill(4<<20, "<!-- "),
		"one style": `<p style="` + fill(4<<20, "color:red;") + `">`, "attributes": "<p " + fill(4<<20, "a=b ") + ">",
	} {
		var list []string
		took := cputime.Of(func() { list = Readings(body) })
		t.Logf("%s took %v", name, took)
		if took > patience/2 {
			t.Errorf("%s: took %v for %d readings", name, took, len(list))
		}
	}
}
