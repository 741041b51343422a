/** A label selector of Kubernetes; an empty one selects everything, none selects nothing. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** What a Prometheus of the Prometheus Operator selects of one kind. */
interface Selection {
  readonly objects: LabelSelector | undefined;
  /** None: its own namespace alone. */
  readonly namespaces: LabelSelector | undefined;
}

export interface Prometheus {
  readonly namespace: string;
  readonly name: string;
  readonly selections: Readonly<Record<"ServiceMonitor" | "PrometheusRule", Selection>>;
}

interface Labelled {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The one label of every namespace; others are not known, since nobody reads namespaces here. */
const namespaceLabel = "kubernetes.io/metadata.name";

/** How one requirement is met; undefined: that is not known. */
type Known = (key: string) => { readonly value: string | undefined } | undefined;
type Answer = boolean | undefined;

const meets = (operator: string, values: readonly string[], value: string | undefined): Answer => {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return undefined;
  }
};

const selects = (selector: LabelSelector | undefined, known: Known): Answer => {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const asked = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: "In", values: [value] })),
    ...matchExpressions,
  ];
  const answers = asked.map(({ key, operator, values = [] }) => {
    const label = known(key);
    return label === undefined ? undefined : meets(operator, values, label.value);
  });
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
};

const reaches = ({ namespace }: Prometheus, { namespaces }: Selection, object: Labelled): Answer =>
  namespaces === undefined
    ? namespace === object.namespace
    : selects(namespaces, (key) => (key === namespaceLabel ? { value: object.namespace } : undefined));

/** Whether a Prometheus picks the object up; undefined where only labels of its namespace could tell. */
const picksUp = (prometheus: Prometheus, selection: Selection, object: Labelled): Answer => {
  const answers = [
    selects(selection.objects, (key) => ({ value: object.labels[key] })),
    reaches(prometheus, selection, object),
  ];
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
};

/** The Prometheuses that were looked at, where none of them picks the object up for sure; undefined otherwise. */
export const passedOverBy = (
  prometheuses: readonly Prometheus[],
  kind: "ServiceMonitor" | "PrometheusRule",
  object: Labelled,
): readonly Prometheus[] | undefined =>
  prometheuses.length > 0 && prometheuses.every((each) => picksUp(each, each.selections[kind], object) === false)
    ? prometheuses
    : undefined;

/** In words, for a person who is to set labels. */
export const describeSelection = (
  { namespace, name, selections }: Prometheus,
  kind: "ServiceMonitor" | "PrometheusRule",
): string => {
  const { objects, namespaces } = selections[kind];
  const where =
    namespaces === undefined ? ` in namespace ${namespace}` : ` in namespaces by ${JSON.stringify(namespaces)}`;
  return `${namespace}/${name} selects ${objects === undefined ? "none" : `by ${JSON.stringify(objects)}${where}`}`;
};
