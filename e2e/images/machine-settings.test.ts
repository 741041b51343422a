import { describe, expect, it } from "vitest";
import { credentialLines, npmrc } from "./machine-settings.ts";

describe("npmrc", () => {
  it("takes over what reaching the registry needs, and nothing else", () => {
    const settings = {
      registry: "https://a.example/",
      "@team:registry": "https://b.example/",
      proxy: null,
      prefix: "/usr",
      "strict-ssl": true,
    };
    const lines = npmrc(settings, ["//a.example/:_authToken=x"], true).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "registry=https://a.example/",
        "@team:registry=https://b.example/",
        "strict-ssl=true",
        "//a.example/:_authToken=x",
      ]),
    );
    expect(lines.filter((line) => /^(prefix|proxy)=/.test(line))).toEqual([]);
  });

  it("names the certificates where they are mounted, if there are any", () => {
    expect(npmrc({ cafile: "/opt/here.pem" }, [], true)).toContain("cafile=/etc/ssl/certs/ca-certificates.crt\n");
    expect(npmrc({ cafile: "/opt/here.pem" }, [], false)).not.toContain("cafile");
  });
});

describe("credentialLines", () => {
  it("finds the lines that belong to a registry", () => {
    expect(credentialLines("registry=https://a.example/\n //a.example/:_authToken=x\n; note\n")).toEqual([
      "//a.example/:_authToken=x",
    ]);
  });
});
