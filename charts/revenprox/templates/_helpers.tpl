{{- define "revenprox.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "revenprox.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-operator" (.Release.Name | trunc 41 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "revenprox.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "revenprox.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What no schema can say. */}}
{{- define "revenprox.validate" -}}
{{- range $name := list "image" "proxyImage" "natsImage" "leaderElection" "podDisruptionBudget" "networkPolicy" "crds" "serviceAccount" "rbac" "operator" "metrics" "test" -}}
{{- if not (hasKey $.Values $name) -}}
{{- fail (printf "the value %s is missing, as with helm upgrade --reuse-values from a chart that had none: use --reset-then-reuse-values" $name) -}}
{{- end -}}
{{- end -}}
{{- with .Values.leaderElection -}}
{{- if not (and (lt (int .retrySeconds) (int .renewDeadlineSeconds)) (lt (int .renewDeadlineSeconds) (int .leaseDurationSeconds))) -}}
{{- fail (printf "leaderElection: retrySeconds (%d) must be less than renewDeadlineSeconds (%d), and that less than leaseDurationSeconds (%d)" (int .retrySeconds) (int .renewDeadlineSeconds) (int .leaseDurationSeconds)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Never app: revenprox, by which the proxies are selected. */}}
{{- define "revenprox.selectorLabels" -}}
app.kubernetes.io/name: {{ include "revenprox.name" . }}-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Of the pod of helm test. */}}
{{- define "revenprox.testLabels" -}}
app.kubernetes.io/name: {{ include "revenprox.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "revenprox.labels" -}}
{{ include "revenprox.selectorLabels" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: revenprox
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The operator serves the pages itself where nobody else does. */}}
{{- define "revenprox.runbookBaseUrl" -}}
{{- default (printf "http://%s-metrics.%s.svc:8080/runbooks" (include "revenprox.fullname" .) .Release.Namespace) .Values.operator.runbookBaseUrl -}}
{{- end -}}

{{/* Image of the values in .image; its tag is else .version. */}}
{{- define "revenprox.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .version .image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the operator does in every namespace that it looks after. Keep to the calls of operator/src/kube. */}}
{{- define "revenprox.rules" -}}
- apiGroups: [revenprox.io]
  resources: [revenproxes]
  verbs: [list, watch]
- apiGroups: [revenprox.io]
  resources: [revenproxes/status]
  verbs: [patch]
# An autoscaler that takes over finds in spec.replicas what runs.
- apiGroups: [revenprox.io]
  resources: [revenproxes/scale]
  verbs: [patch]
# Children block their owner's deletion, which some clusters allow only to who may update its finalizers.
- apiGroups: [revenprox.io]
  resources: [revenproxes/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# Right before fewer proxies run, the one with the fewest streams is marked as the one to go.
- apiGroups: [""]
  resources: [pods]
  verbs: [patch]
# NATS servers are restarted one by one, and proxies that are cut off replaced, within what PodDisruptionBudgets allow.
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
# Volumes of NATS servers grow with the spec.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, patch]
# Secrets are made once and read by name: never listed or watched. Only the generated certificates of NATS are changed,
# when they are due.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [monitoring.coreos.com]
  resources: [servicemonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
{{- end -}}
