import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnPinned, untilReady } from "../tool/processes.ts";
import { libraryPath } from "./debian-folder.ts";
import { freePort } from "./free-port.ts";
import type { Subject } from "./subject.ts";

export const nchanPackages = ["nginx-light", "libnginx-mod-nchan"] as const;

const configuration = (packages: string, folder: string, port: number): string => `
load_module ${join(packages, "usr/lib/nginx/modules/ngx_nchan_module.so")};
daemon off; user root; worker_processes 1; worker_rlimit_nofile 19900; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 19500; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  nchan_shared_memory_size 1024M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/events/(.+)$ {
      nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest;
      nchan_eventsource_ping_interval 15;
    }
    location ~ ^/publish/(.+)$ {
      nchan_publisher http; nchan_channel_id $1; nchan_message_buffer_length 1000; nchan_message_timeout 1h;
    }
  }
}
`;

/** Debian's nginx makes its folders below /var/lib whatever it is told, so it gets one that nobody else sees. */
const withOwnState = 'mount -t tmpfs none /var/lib && mkdir /var/lib/nginx && exec "$0" "$@"';

const answers = async (port: number): Promise<true | undefined> => {
  try {
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  } catch {
    return undefined;
  }
};

/** nginx with Nchan; `packages` is the folder that Debian's packages were unpacked to. */
export const nchan = (packages: string): Subject => ({
  name: "nchan",
  about: "nginx with Nchan, from Debian's packages; one worker, 1,000 events of an hour kept for each channel",
  start: async ({ cores, folder }) => {
    const port = await freePort();
    await mkdir(folder, { recursive: true });
    const file = join(folder, "nginx.conf");
    await writeFile(file, configuration(packages, folder, port));
    const child = spawnPinned({
      cores,
      program: "unshare",
      args: [
        "--mount",
        "sh",
        "-c",
        withOwnState,
        join(packages, "usr/sbin/nginx"),
        "-c",
        file,
        "-p",
        folder,
        "-e",
        "stderr",
      ],
      environment: { LD_LIBRARY_PATH: libraryPath(packages) },
    });
    await untilReady(child, () => answers(port));
    const target = `127.0.0.1:${port}`;
    return {
      target,
      publishTarget: target,
      stream: { path: "/events/{topic}", headers: [] },
      publish: { path: "/publish/{topic}", headers: ["Content-Type: text/plain"], body: "{payload}" },
      pids: [child.pid],
      stop: () => child.stop(),
    };
  },
});
