/** The language of rules and policies: every function that Kubernetes gives to CEL, with what it gives. */

import t from 'tap';
import { language, rewritten } from '../../src/kube/crd/cel-library.ts';
import { goRegex } from '../../src/kube/crd/go-regex.ts';

const rules = language.clone();
rules
  .registerVariable('d', 'dyn')
  .registerVariable('l', 'list<int>')
  .registerVariable('m', 'map<string, int>');

const variables = {
  d: new Map<string, unknown>([
    ['a', 1n],
    ['s', 'x'],
  ]),
  l: [3n, 1n, 2n],
  m: new Map([
    ['a', 1n],
    ['b', 2n],
  ]),
};

function value(expression: string): unknown {
  const { valid, error } = rules.check(rewritten(expression));
  if (!valid) throw error;
  return rules.parse(rewritten(expression))(variables);
}

/** By library; all of them hold. */
const holding: Readonly<Record<string, readonly string[]>> = {
  'comprehensions with two variables': [
    '[1, 2, 3].all(i, v, v > i) && !l.exists(i, v, v == i + 10)',
    'm.all(k, v, k.size() == v || v == 2) && m.exists_one(k, v, v == 2) && m.existsOne(k, v, v == 1)',
    'd.all(k, v, k != "")',
    'l.transformList(i, v, v * 2) == [6, 2, 4] && l.transformList(i, v, v > 1, v * 2) == [6, 4]',
    'l.transformMap(i, v, v * 2)[0] == 6 && m.transformMap(k, v, v > 1, v + 1) == {"b": 3}',
    'm.transformMapEntry(k, v, {string(v): k})["2"] == "b"',
  ],
  lists: [
    'l.sort() == [1, 2, 3] && l.sortBy(x, -x) == [3, 2, 1] && l.reverse() == [2, 1, 3]',
    '[1, 1, 2].distinct() == [1, 2] && [[1], [2]].flatten() == [1, 2] && l.slice(0, 2) == [3, 1]',
    'lists.range(3) == [0, 1, 2] && l.first().value() == 3 && l.last().value() == 2',
    '![].first().hasValue() && [3, 1].isSorted() == false && [1, 2].sum() == 3',
    '[1, 5].max() == 5 && [1, 5].min() == 1 && [1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2',
    '[duration("1s"), duration("2s")].sum() == duration("3s")',
  ],
  sets: ['sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])'],
  semver: [
    'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("2.0.0").isGreaterThan(semver("1.9.9"))',
    'semver("1.0.0-alpha.1").compareTo(semver("1.0.0")) == -1 && semver("v1.2", true).minor() == 2',
    'isSemver("1.0.0") && !isSemver("1.0") && isSemver("v1.0", true) && semver("1.2.3").major() == 1',
  ],
  formats: [
    '!format.dns1123Label().validate("a").hasValue() && format.dns1123Label().validate("A").hasValue()',
    'format.named("uuid").value().validate("x").value() == ["does not match the UUID format"]',
    '!format.named("nothing").hasValue() && !format.datetime().validate("2020-01-01T00:00:00Z").hasValue()',
    '!format.dns1123LabelPrefix().validate("a-").hasValue() && !format.labelValue().validate("").hasValue()',
  ],
  addresses: [
    'ip("127.0.0.1").isLoopback() && ip("::").isUnspecified() && ip("8.8.8.8").isGlobalUnicast()',
    'ip("fe80::1").isLinkLocalUnicast() && ip("224.0.0.1").isLinkLocalMulticast() && ip("::1").family() == 6',
    'ip.isCanonical("::1") && !ip.isCanonical("0::1") && ip("0::1") == ip("::1") && isIP("::") && !isIP("x")',
    'string(cidr("10.1.2.3/8").masked()) == "10.0.0.0/8" && cidr("fd00::1/16").masked().ip() == ip("fd00::")',
    'cidr("10.0.0.0/8").containsIP("10.2.3.4") && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")',
    'cidr("10.0.0.0/8").prefixLength() == 8 && isCIDR("10.0.0.0/8") && !isCIDR("10.0.0.0/33")',
  ],
  urls: [
    'url("https://a.b:80/x?y=1&y=2").getQuery()["y"] == ["1", "2"] && url("https://a.b:80/x").getPort() == "80"',
    'url("https://[::1]:80/x%20y").getHostname() == "::1" && url("/x").getEscapedPath() == "/x" && !isURL("://")',
  ],
  quantities: [
    'quantity("1Gi").add(quantity("1Mi")) == quantity("1025Mi") && quantity("1").sub(1).sign() == 0',
    'quantity("1.5k").asInteger() == 1500 && quantity("100m").asApproximateFloat() == 0.1',
    'quantity("50M").isInteger() && !quantity("50m").isInteger() && isQuantity("1Ki") && !isQuantity("1x")',
    'quantity("1").compareTo(quantity("2")) == -1 && quantity("2").isGreaterThan(quantity("1"))',
  ],
  'regular expressions': [
    '"xABC".matches("(?i)abc") && "ab".matches("(?P<x>a)b") && "a".matches("^[[:alpha:]]$") && "é".matches("^\\\\pL$")',
    '"abc 123".find("[0-9]+") == "123" && "1 22 3".findAll("[0-9]+") == ["1", "22", "3"]',
    '"1 22 3".findAll("[0-9]+", 2) == ["1", "22"] && "matches(x)".matches("matches\\\\(x\\\\)")',
  ],
  texts: [
    '"abc".charAt(1) == "b" && "abcabc".indexOf("c", 3) == 5 && "abcabc".lastIndexOf("c") == 5',
    '["a", "b"].join("-") == "a-b" && "ABC".lowerAscii() == "abc" && "abc".upperAscii() == "ABC"',
    '"aaa".replace("a", "b", 2) == "bba" && "a-b-c".split("-", 2) == ["a", "b-c"] && " x ".trim() == "x"',
    '"abcd".substring(1, 3) == "bc" && strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
    '"%s is %d, %.2f %x %b %o %e %s".format(["a", 3, 1.5, 255, 5, 8, 1234.5, {"a": [1]}]) == "a is 3, 1.50 ff 101 10 1.234500e+03 {a: [1]}"',
    'jsonpatch.escapeKey("a/b~c") == "a~1b~0c"',
  ],
  optionals: [
    'd.?zz.orValue("q") == "q" && d[?"a"].hasValue() && optional.none().or(optional.of(3)).value() == 3',
    'd.?a.optMap(x, x + 1).value() == 2 && !d.?zz.optMap(x, x).hasValue()',
    'd.?a.optFlatMap(x, optional.of(x)).value() == 1 && !optional.ofNonZeroValue("").hasValue()',
  ],
  'the language': [
    '1 < 2.5 && dyn(1) == 1.0 && type(1) == int && int(timestamp("1970-01-01T00:00:01Z")) == 1',
    'cel.bind(x, l.size(), x * x) == 9 && has(d.a) && !has(d.b) && -5 / 2 == -2 && -5 % 2 == -1',
    '[1, 2, 3].map(x, x > 1, x * 2) == [4, 6] && m.filter(k, m[k] > 1) == ["b"]',
    'timestamp("2020-01-02T00:00:00Z") - timestamp("2020-01-01T00:00:00Z") == duration("24h")',
  ],
};

for (const [library, expressions] of Object.entries(holding)) {
  t.test(`rules may use ${library}`, async (t) => {
    for (const expression of expressions) t.equal(value(expression), true, expression);
  });
}

t.test('what fails says so', async (t) => {
  for (const [expression, why] of [
    ['quantity("x")', /quantities must match the regular expression/],
    ['ip("x")', /IP Address "x" parse error/],
    ['semver("1.2")', /No Major\.Minor\.Patch elements found/],
    ['["a", "a"].transformMapEntry(i, v, {v: i})', /insert failed: key "a" already exists/],
    ['[1, 2].all(i, v, 1 / 0 == 1)', /division by zero/],
    ['"a".matches("(")', /error parsing regexp/],
    ['[].max()', /max called on empty list/],
  ] as const) {
    t.throws(() => value(expression), why, expression);
  }
  t.equal(
    value('[0, 1].exists(i, v, 1 / v == 1)'),
    true,
    'an item that decides does, whatever became of others',
  );
});

t.test('patterns are those of Go', async (t) => {
  for (const [pattern, text] of [
    ['^(?i)A$', 'a'],
    ['\\Aa\\z', 'a'],
    ['a\\-b', 'a-b'],
    ['[a\\-b]', '-'],
    ['^[]a]$', ']'],
    ['^[^]a]$', 'b'],
    ['[[]', '['],
    ['\\_', '_'],
    ['^\\x{e9}$', 'é'],
  ] as const) {
    t.ok(goRegex(pattern)?.test(text), pattern);
  }
  t.equal(goRegex('('), null);
});
