import type { RuleTable } from '../rule.ts'
import { azureTable } from './azure.ts'
import { baiduTable } from './baidu.ts'
import { bedrockTable } from './bedrock.ts'
import { cerebrasTable } from './cerebras.ts'
import { cloudflareTable } from './cloudflare.ts'
import { codexTable } from './codex.ts'
import { cohereTable } from './cohere.ts'
import { dashscopeTable } from './dashscope.ts'
import { databricksTable } from './databricks.ts'
import { deepinfraTable } from './deepinfra.ts'
import { deepseekTable } from './deepseek.ts'
import { fireworksTable } from './fireworks.ts'
import { githubTable } from './github.ts'
import { googleTable } from './google.ts'
import { groqTable } from './groq.ts'
import { huggingfaceTable } from './huggingface.ts'
import { llamaCppTable, lmStudioTable, ollamaTable, vllmTable } from './local-servers.ts'
import { minimaxTable } from './minimax.ts'
import { mistralTable } from './mistral.ts'
import { moonshotTable } from './moonshot.ts'
import { novitaTable } from './novita.ts'
import { nvidiaTable } from './nvidia.ts'
import { openrouterTable } from './openrouter.ts'
import { otherHostsTable } from './other-hosts.ts'
import { perplexityTable } from './perplexity.ts'
import { clientLibraryTable, relayTable } from './relays.ts'
import { replicateTable } from './replicate.ts'
import { sambanovaTable } from './sambanova.ts'
import { siliconflowTable } from './siliconflow.ts'
import { stepfunTable } from './stepfun.ts'
import { tencentTable } from './tencent.ts'
import { togetherTable } from './together.ts'
import { volcengineTable } from './volcengine.ts'
import { xaiTable } from './xai.ts'
import { xiaomiTable } from './xiaomi.ts'
import { zhipuTable } from './zhipu.ts'

/**
 * Providers that say some things in a way of their own. Adding one here is all a new provider takes. What stands first
 * goes first where two tables know the same code.
 */
export const PROVIDER_TABLES: ReadonlyMap<string, RuleTable> = new Map([
  ['relay', relayTable],
  ['azure', azureTable],
  ['codex', codexTable],
  ['github', githubTable],
  ['google', googleTable],
  ['bedrock', bedrockTable],
  ['openrouter', openrouterTable],
  ['groq', groqTable],
  ['mistral', mistralTable],
  ['deepseek', deepseekTable],
  ['xai', xaiTable],
  ['together', togetherTable],
  ['fireworks', fireworksTable],
  ['cohere', cohereTable],
  ['cerebras', cerebrasTable],
  ['perplexity', perplexityTable],
  ['sambanova', sambanovaTable],
  ['huggingface', huggingfaceTable],
  ['cloudflare', cloudflareTable],
  ['nvidia', nvidiaTable],
  ['replicate', replicateTable],
  ['deepinfra', deepinfraTable],
  ['novita', novitaTable],
  ['databricks', databricksTable],
  ['other-hosts', otherHostsTable],
  ['moonshot', moonshotTable],
  ['zhipu', zhipuTable],
  ['minimax', minimaxTable],
  ['dashscope', dashscopeTable],
  ['siliconflow', siliconflowTable],
  ['volcengine', volcengineTable],
  ['baidu', baiduTable],
  ['tencent', tencentTable],
  ['stepfun', stepfunTable],
  ['xiaomi', xiaomiTable],
  ['ollama', ollamaTable],
  ['vllm', vllmTable],
  ['llama.cpp', llamaCppTable],
  ['lmstudio', lmStudioTable],
  ['client-library', clientLibraryTable],
])

/** Other names under which the same providers are known. */
export const PROVIDER_ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    azure: ['azure-openai', 'azure_openai', 'azure_ai', 'azureopenai', 'azure-ai-foundry', 'azure-foundry', 'foundry'],
    codex: ['openai-codex', 'chatgpt', 'openai_codex', 'chatgpt-codex'],
    github: ['github-copilot', 'github_copilot', 'copilot', 'github-models', 'github_models', 'githubmodels'],
    google: [
      'gemini',
      'vertex',
      'vertexai',
      'vertex-ai',
      'vertex_ai',
      'google-ai-studio',
      'google-vertex',
      'google-gemini-cli',
      'gemini-cli',
      'antigravity',
      'palm',
      'code-assist',
    ],
    bedrock: [
      'aws',
      'aws-bedrock',
      'amazon-bedrock',
      'bedrock-relay',
      'bedrock-mantle',
      'bedrock_converse',
      'kiro',
      'sagemaker',
    ],
    mistral: ['mistralai', 'mistral-ai', 'codestral'],
    xai: ['grok', 'x-ai', 'x.ai'],
    together: ['togetherai', 'together-ai', 'together_ai'],
    fireworks: ['fireworks-ai', 'fireworks_ai', 'fireworksai'],
    cohere: ['cohere_chat', 'cohere-ai'],
    perplexity: ['pplx', 'perplexity-ai'],
    sambanova: ['samba-nova', 'sambanova-ai'],
    huggingface: ['hf', 'hugging-face', 'hugging_face', 'tgi', 'hf-inference'],
    cloudflare: ['workers-ai', 'cloudflare-workers-ai', 'cloudflare-ai-gateway', 'cf'],
    nvidia: ['nvidia-nim', 'nvidia_nim', 'nim'],
    'other-hosts': ['vercel', 'vercel-ai-gateway', 'voyage', 'voyageai', 'fal', 'fal-ai'],
    moonshot: ['kimi', 'moonshotai', 'kimi-coding', 'kimi-for-coding', 'moonshot-ai'],
    zhipu: ['zai', 'z.ai', 'z-ai', 'zhipuai', 'zhipu-ai', 'glm', 'bigmodel', 'zai-coding-plan'],
    minimax: ['minimax-cn', 'minimaxi', 'minimax-coding-plan'],
    dashscope: [
      'qwen',
      'alibaba',
      'aliyun',
      'bailian',
      'model-studio',
      'modelstudio',
      'alibaba-coding-plan',
      'qwen-code',
    ],
    siliconflow: ['silicon-flow', 'siliconcloud'],
    volcengine: ['doubao', 'ark', 'volcano', 'bytedance', 'byteplus'],
    baidu: ['qianfan', 'ernie', 'wenxin'],
    tencent: ['hunyuan', 'tencent-hunyuan'],
    xiaomi: ['mimo'],
    ollama: ['ollama-cloud', 'ollama_chat'],
    vllm: ['sglang', 'hosted_vllm'],
    'llama.cpp': ['llamacpp', 'llama-cpp', 'llama-server', 'llamafile', 'koboldcpp'],
    lmstudio: ['lm-studio', 'lm_studio'],
    relay: [
      'one-api',
      'oneapi',
      'new-api',
      'newapi',
      'sub2api',
      'litellm',
      'litellm-proxy',
      'opencode-zen',
      'opencode',
      'opencode-go',
      'portkey',
      'poe',
      'claude-code-router',
      'copilot-api',
      'cliproxy',
    ],
  }).flatMap(([name, aliases]) => aliases.map((alias): [string, string] => [alias, name])),
)
