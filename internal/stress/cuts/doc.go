// Package cuts holds no code, only tests of one claim: what was answered is kept.
//
// The program itself runs on a disk that loses what was not synced, is killed in
// the middle of its work, and started again on what is left. Every mail that was
// answered with 250 must be there then, with every byte, and every revocation that
// was answered must still be one. The same disk refuses calls one by one, and is
// full. For a build that does not wait for the disk, the one with the tag
// "control", the same tests must fail.
package cuts
