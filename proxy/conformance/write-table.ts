import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cases } from "./case-list.ts";
import { conformancePage } from "./table.ts";

writeFileSync(fileURLToPath(new URL("../../docs/conformance.md", import.meta.url)), conformancePage(cases));
