# SPDX-License-Identifier: MIT
# What SARIF 2.1.0 requires of the parts that allot writes: sections 3.13 to 3.30 of the standard.
def text: type == "string" and length > 0;
def message: (.text | text) and (keys - ["text"] == []);
def artifact: (.uri | text and (test(" |[^ -~]") | not)) and (keys - ["uri", "uriBaseId"] == []);
def physical: (.artifactLocation | artifact) and (if has("region") then .region.startLine >= 1 else true end)
	and (keys - ["artifactLocation", "region"] == []);
def location: (if has("physicalLocation") then .physicalLocation | physical else true end)
	and (if has("message") then .message | message else true end) and (keys - ["physicalLocation", "message"] == []);
def rule: (.id | text) and (.name | text) and (.shortDescription | message)
	and (.defaultConfiguration.level | IN("none", "note", "warning", "error"));
def frame: (.location | location) and (.module | type == "string") and (keys - ["location", "module"] == []);
def result($rules): (.message | message) and (.level | IN("none", "note", "warning", "error"))
	and ($rules[.ruleIndex].id == .ruleId)
	and ((.locations // []) | length <= 1 and all(.[]; location))
	and ((.stacks // []) | all(.[]; .frames | length > 0 and all(.[]; frame)))
	and (.partialFingerprints | type == "object" and all(.[]; text))
	and (keys - ["ruleId", "ruleIndex", "message", "level", "locations", "stacks", "partialFingerprints"] == []);
def invocation: (.executionSuccessful | type == "boolean")
	and (.toolExecutionNotifications | all(.[]; (.message | message) and (.level | IN("none", "note", "warning", "error"))));
(.version == "2.1.0") and (.["$schema"] | text) and (keys - ["$schema", "version", "runs"] == [])
and (.runs | length == 1 and all(.[];
	.tool.driver.rules as $rules
	| (.tool.driver.name == "allot") and ($rules | all(.[]; rule)) and ([$rules[].id] | length == (unique | length))
	and (.invocations | all(.[]; invocation)) and (.columnKind | IN("utf16CodeUnits", "unicodeCodePoints"))
	and (.results | length > 0 and all(.[]; result($rules)))
	and (keys - ["tool", "invocations", "columnKind", "results"] == [])))
