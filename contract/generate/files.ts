import { stringify } from "yaml";
import { alertDocs, errorDocs, metricsDocs } from "./catalogue-docs.ts";
import { configDocs } from "./config-docs.ts";
import { customResourceDefinition } from "./crd.ts";

const crdYaml = (): string =>
  `# Generated from contract/src/resource by \`npm run generate\`.\n${stringify(customResourceDefinition(), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })}`;

/** Every generated file: path from the project's root -> content. */
export const generatedFiles = (): ReadonlyMap<string, string> => {
  const crd = crdYaml();
  return new Map([
    ["crds/revenprox.yaml", crd],
    ["charts/revenprox/files/revenprox-crd.yaml", crd],
    ["docs/configuration.md", configDocs()],
    ["docs/metrics.md", metricsDocs()],
    ["docs/errors.md", errorDocs()],
    ["docs/alerts.md", alertDocs()],
  ]);
};
