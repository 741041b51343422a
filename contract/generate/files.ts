import { Document, isScalar, stringify, visit } from "yaml";
import { alertDocs } from "./alert-docs.ts";
import { errorDocs, metricsDocs } from "./catalogue-docs.ts";
import { configDocs } from "./config-docs.ts";
import { customResourceDefinition } from "./crd.ts";
import { dashboardDocs } from "./dashboards/docs.ts";
import { dashboardFiles } from "./dashboards/files.ts";
import { operatorGroupsForChart } from "./example-rules.ts";
import { resourceDocs } from "./resource-docs.ts";
import { runbookPages } from "./runbook-pages.ts";
import { sloDocs } from "./slo-docs.ts";

/**
 * The CRD is to stay under 100 KiB, and a deep schema is spaces for a fifth: indented by one, and a list of words is
 * one line.
 */
const crdYaml = (): string => {
  const document = new Document(customResourceDefinition(), { aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_, list) => {
      list.flow = list.items.every(isScalar);
    },
  });
  const text = document.toString({ lineWidth: 0, indent: 1, flowCollectionPadding: false });
  return `# Generated from contract/src/resource by \`npm run generate\`.\n${text}`;
};

const operatorRulesYaml = (): string =>
  `# Generated from contract/src/alerts by \`npm run generate\`; the chart's template fills in the names.\n${stringify(
    { groups: operatorGroupsForChart() },
    { lineWidth: 0 },
  )}`;

/** Every generated file: path from the project's root -> content. */
export const generatedFiles = (): ReadonlyMap<string, string> => {
  const crd = crdYaml();
  return new Map([
    ["crds/revenprox.yaml", crd],
    ["charts/revenprox/files/revenprox-crd.yaml", crd],
    ["docs/configuration.md", configDocs()],
    ["docs/resource.md", resourceDocs()],
    ["docs/metrics.md", metricsDocs()],
    ["docs/errors.md", errorDocs()],
    ["docs/alerts.md", alertDocs()],
    ["docs/slo.md", sloDocs()],
    ["docs/dashboards.md", dashboardDocs()],
    ["charts/revenprox/files/operator-rules.yaml", operatorRulesYaml()],
    ["contract/src/alerts/runbooks.json", runbookPages()],
    ...dashboardFiles(),
  ]);
};
