import { parseArgs } from "node:util";
import type { ImageNames } from "../environment/platform.ts";

/** What the user asked the demo for; without a context it runs on the built-in cluster. */
export interface DemoArguments {
  readonly once: boolean;
  readonly existing?: { readonly context: string; readonly images: ImageNames };
}

export const usage = `npm run demo -- [--once] [--context NAME --operator-image IMAGE --proxy-image IMAGE --nats-image IMAGE]

  --once           end after the demonstration and take everything down again
  --context NAME   use the cluster of this kubeconfig context instead of the built-in one; it must be able
                   to pull the three images (see CONTRIBUTING.md, "Images")
`;

/** Reads the command line; throws an Error that says what to write instead. */
export const parseDemoArguments = (argv: readonly string[]): DemoArguments => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      once: { type: "boolean", default: false },
      context: { type: "string" },
      "operator-image": { type: "string" },
      "proxy-image": { type: "string" },
      "nats-image": { type: "string" },
    },
  });
  if (values.context === undefined) return { once: values.once };
  const operator = values["operator-image"];
  const proxy = values["proxy-image"];
  const natsServer = values["nats-image"];
  if (operator === undefined || proxy === undefined || natsServer === undefined) {
    throw new Error(
      "With --context, say which images the cluster can pull: --operator-image, --proxy-image and --nats-image.",
    );
  }
  return { once: values.once, existing: { context: values.context, images: { operator, proxy, natsServer } } };
};
