import {describe, expect, it} from 'vitest';
import {executeTemplate} from '../../src/calicoctl/go-template/index.js';
import {BOOLEAN, FLOAT, field, INTEGER, listOf, STRING, STRING_MAP, struct} from '../../src/calicoctl/schema/type.js';

const item = struct('api.Item', [
  field('name', STRING),
  field('size', INTEGER),
  field('isOn', BOOLEAN),
  field('weight', FLOAT, {isPointer: true}),
  field('more', struct('api.More', [field('note', STRING)]), {isPointer: true}),
  field('tags', listOf(STRING)),
  field('labels', STRING_MAP),
]);
const data = {
  type: listOf(item),
  value: [
    {name: 'a', size: 2, isOn: true, weight: 1.5, tags: ['x', 'y'], labels: {k: 'v'}, more: {note: 'n'}},
    {name: 'b', size: 10},
  ],
};
const run = (template: string) => {
  let output = '';
  executeTemplate(template, data, (text) => {
    output += text;
  });
  return output;
};

describe('a Go template', () => {
  it.each([
    ['text only', 'text only'],
    ['{{range .}}{{.Name}};{{end}}', 'a;b;'],
    ['{{range $i, $e := .}}{{$i}}={{$e.Name}} {{end}}', '0=a 1=b '],
    ['{{range $e := .}}{{$e.Size}}{{end}}', '210'],
    ['{{range .}}{{if .IsOn}}on{{else}}off{{end}} {{end}}', 'on off '],
    ['{{range .}}{{if gt .Size 5}}big{{else if .IsOn}}small{{else}}?{{end}} {{end}}', 'small big '],
    ['{{range .}}{{with .More}}{{.Note}}{{else}}none{{end}} {{end}}', 'n none '],
    ['{{range .}}{{.Weight}} {{end}}', '1.5 <nil> '],
    ['{{range .}}{{.Tags}}{{.Labels}} {{end}}', '[x y]map[k:v] []map[] '],
    ['{{range .}}{{range .Tags}}{{.}},{{else}}no tags{{end}} {{end}}', 'x,y, no tags '],
    ['{{(index . 0).Name}}', 'a'],
    ['{{with index . 0}}{{.Labels.k}}{{end}}', 'v'],
    ['{{len .}}', '2'],
    ['{{$x := "q"}}{{$x}}{{$x = "r"}}{{$x}}', 'qr'],
    ['{{range .}}{{printf "%-3s|%4d|%q" .Name .Size .Name}}\n{{end}}', 'a  |   2|"a"\nb  |  10|"b"\n'],
    ['{{"a" | printf "%s-%s" "b"}}', 'b-a'],
    ['{{eq 1 1}} {{ne "a" "b"}} {{not true}} {{and true "x"}} {{or "" "y"}}', 'true true false x y'],
    ['a {{- " b " -}} c', 'a b c'],
    ['{{/* a comment */}}x{{- /* another */ -}} y', 'xy'],
    ['{{`raw "}}"`}}', 'raw "}}"'],
    ['{{println "a" 1}}', 'a 1\n'],
  ])('%s', (template, expected) => {
    expect(run(template)).toBe(expected);
  });

  it.each([
    ['{{.Name}}', "can't evaluate field Name in type []api.Item"],
    ['{{range .}}{{.More.Note}}{{end}}', 'nil pointer evaluating *api.More.Note'],
    ['{{nothing}}', 'function "nothing" not defined'],
    ['{{$y}}', 'undefined variable "$y"'],
    ['{{range .}}', 'unexpected EOF'],
    ['{{end}}', 'unexpected {{end}}'],
    ['{{.Name', 'unclosed action'],
    ['{{}}', 'missing value for command'],
    ['{{index . 7}}', 'index out of range: 7'],
    ['{{template "x"}}', 'unexpected {{template}}'],
  ])('%s fails: %s', (template, reason) => {
    expect(() => run(template)).toThrow(reason);
  });
});
