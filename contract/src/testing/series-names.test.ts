import { expect, test } from "vitest";
import { seriesNames } from "./series-names.ts";

test.each([
  ["a > 5", ["a"]],
  ['rate(a_total{x="b(c)",y=~"d|e"}[5m]) > 0', ["a_total"]],
  ["sum by (le, pod) (rate(a_bucket[1h])) / on (pod) group_left () b", ["a_bucket", "b"]],
  ["absent(up == 1) or a:b:c unless on() d offset 5m", ["up", "a:b:c", "d"]],
  ["(a == bool 0) * max_over_time(a[1h]) >= 1e3", ["a"]],
  ["vector(0.999)", []],
  ["1 - 14.4", []],
])("%s reads %j", (expression, names) => {
  expect(seriesNames(expression)).toEqual(names);
});
