{{- define "tunicorn.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: the names of pods and of the metrics service add to it. */}}
{{- define "tunicorn.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "tunicorn.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tunicorn.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tunicorn.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tunicorn.labels" -}}
{{ include "tunicorn.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- define "tunicorn.image" -}}
{{- $image := required "image.repository is missing: the image with the application and Tunicorn in it" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $image }}@{{ .Values.image.digest }}
{{- else -}}
{{ $image }}:{{ required "image.tag is missing (or image.digest): a release is one certain image" .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The server ends at most one second after shutdown_delay + graceful_timeout; the rest is for the kubelet. */}}
{{- define "tunicorn.terminationGracePeriodSeconds" -}}
{{- add (ceil (addf .Values.stop.shutdownDelaySeconds .Values.stop.gracefulTimeoutSeconds)) 5 -}}
{{- end -}}

{{- define "tunicorn.resources" -}}
{{- with .Values.resources -}}
{{- if .override -}}
{{- toYaml .override -}}
{{- else -}}
{{- $memoryMi := addf .base.memoryMi (mulf $.Values.workers .perWorker.memoryMi) -}}
requests:
  cpu: {{ addf .base.cpuMillis (mulf $.Values.workers .perWorker.cpuMillis) | ceil | int64 }}m
  memory: {{ $memoryMi | ceil | int64 }}Mi
limits:
  {{- if .cpuLimitMillis }}
  cpu: {{ .cpuLimitMillis | int64 }}m
  {{- end }}
  memory: {{ addf (mulf $memoryMi .memoryLimitFactor) $.Values.scratch.shmMi | ceil | int64 }}Mi
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A value of YAML as one of Python. JSON's texts and numbers are Python's. */}}
{{- define "tunicorn.python" -}}
{{- if kindIs "invalid" . -}}
None
{{- else if kindIs "bool" . -}}
{{- ternary "True" "False" . -}}
{{- else if kindIs "slice" . -}}
[{{- range $index, $element := . -}}{{- if $index }}, {{ end -}}{{- include "tunicorn.python" $element -}}{{- end -}}]
{{- else if kindIs "map" . -}}
{{ "{" }}{{- $first := true -}}
{{- range $key, $element := . -}}
{{- if not $first }}, {{ end -}}{{- $first = false -}}
{{- $key | toJson -}}: {{ include "tunicorn.python" $element -}}
{{- end -}}{{ "}" }}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}

{{/* Settings that have a value of their own, because other parts of the chart depend on them. */}}
{{- define "tunicorn.ownedSettings" -}}
bind: port
admin_bind: admin.port
admin_token: admin.tokenSecret
ready_queue_limit: admin.readyQueueLimit
workers: workers
threads: threads
worker_class: workerClass
shutdown_delay: stop.shutdownDelaySeconds
graceful_timeout: stop.gracefulTimeoutSeconds
chdir: chdir
daemon: nothing (the kubelet watches the process)
{{- end -}}

{{- define "tunicorn.configFile" -}}
{{- $owned := include "tunicorn.ownedSettings" . | fromYaml -}}
{{- range $name, $value := $owned -}}
{{- if hasKey $.Values.settings $name -}}
{{- fail (printf "settings.%s: use the value %s instead" $name $value) -}}
{{- end -}}
{{- if regexMatch (printf "(?m)^%s[ \t]*=" $name) $.Values.config -}}
{{- fail (printf "config sets %s: use the value %s instead" $name $value) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.settings -}}
{{ $name }} = {{ include "tunicorn.python" $value }}
{{ end -}}
{{- if .Values.admin.tokenSecret.name -}}
import os
admin_token = os.environ["TUNICORN_ADMIN_TOKEN"]
{{ end -}}
{{- .Values.config -}}
{{- end -}}

{{/* The series of this release: pods of the Deployment. */}}
{{- define "tunicorn.series" -}}
namespace="{{ .Release.Namespace }}",pod=~"{{ include "tunicorn.fullname" . }}-[a-z0-9]+-[a-z0-9]+"
{{- end -}}
