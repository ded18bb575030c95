package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Eval evaluates an expression in the page and puts its value, if out is not
// nil, into out as JSON would. A promise is waited for. It reaches the page
// through the debugger: neither the page's policy nor [Page.NoScript] stops it,
// but without scripts the page's timers stand still.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	ctx, cancel := p.deadline()
	defer cancel()
	if err := p.eval(ctx, expression, out); err != nil {
		p.fatalf("Eval(%s): %v", expression, err)
	}
}

func (p *Page) eval(ctx context.Context, expression string, out any) error {
	return p.evalIn(ctx, 0, expression, out)
}

// evalIn evaluates in one world of one frame; world 0 is the page's own.
func (p *Page) evalIn(ctx context.Context, world runtime.ExecutionContextID, expression string, out any) error {
	yes := true
	answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expression, ContextID: world, ReturnByValue: &yes, AwaitPromise: &yes, UserGesture: &yes,
	})
	if err != nil {
		return err
	}
	return decode(answer.Result, answer.ExceptionDetails, out)
}

// An element is a handle to an element of the page; it dies with its page.
type element runtime.RemoteObjectID

// find evaluates an expression that yields an element or nothing.
func (p *Page) find(ctx context.Context, expression string) (element, error) {
	answer, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: expression})
	if err != nil {
		return "", err
	}
	if answer.ExceptionDetails != nil {
		return "", thrown(answer.ExceptionDetails)
	}
	return element(answer.Result.ObjectID), nil
}

// on calls a function with the element as its this.
func (p *Page) on(ctx context.Context, el element, function string, out any, args ...any) error {
	yes := true
	params := runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: runtime.RemoteObjectID(el),
		ReturnByValue: &yes, AwaitPromise: &yes, UserGesture: &yes,
	}
	for _, arg := range args {
		value, err := json.Marshal(arg)
		if err != nil {
			return err
		}
		params.Arguments = append(params.Arguments, &runtime.CallArgument{Value: value})
	}
	answer, err := chromedp.Call(ctx, runtime.CallFunctionOn, params)
	if err != nil {
		return err
	}
	return decode(answer.Result, answer.ExceptionDetails, out)
}

// decode puts the value of an evaluation into out.
func decode(result *runtime.RemoteObject, failure *runtime.ExceptionDetails, out any) error {
	if failure != nil {
		return thrown(failure)
	}
	if out == nil {
		return nil
	}
	if len(result.Value) == 0 {
		return fmt.Errorf("the value is %s", result.Type)
	}
	return json.Unmarshal(result.Value, out)
}

// thrown makes an error of an exception; of its stack only the first line helps.
func thrown(e *runtime.ExceptionDetails) error {
	text := e.Text
	if e.Exception != nil && e.Exception.Description != "" {
		text = e.Exception.Description
	}
	first, _, _ := strings.Cut(text, "\n")
	return errors.New(first)
}

// quote writes a string as a JavaScript literal.
func quote(s string) string {
	literal, err := json.Marshal(s)
	if err != nil {
		panic("browsertest: internal error: a string that JSON cannot hold")
	}
	return string(literal)
}
