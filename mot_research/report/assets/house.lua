-- Signs of the house that pandoc has no word for, in both renderers: labels, bars in a cell,
-- blocks with a ground of their own, two blocks side by side.

local html = FORMAT:match("html") ~= nil

local function raw(text)
  return pandoc.RawBlock(html and "html" or "typst", text)
end

local function share(span, name, otherwise)
  return tonumber(span.attributes[name]) or otherwise
end

-- A bar of 100 by 12: the track, the value with its interval, a line for the target.
local function svg_bar(span)
  local from, to = 100 * share(span, "from", 0), 100 * share(span, "to", 0)
  local parts = {
    '<svg class="mot-bar" viewBox="0 0 100 12" aria-hidden="true" focusable="false">',
    '<rect class="track" x="0" y="5" width="100" height="2"/>',
    string.format('<rect class="fill" x="%.1f" y="2" width="%.1f" height="8"/>', math.min(from, to), math.abs(to - from)),
  }
  if span.attributes["lower"] and span.attributes["upper"] then
    local lower, upper = 100 * share(span, "lower", 0), 100 * share(span, "upper", 0)
    parts[#parts + 1] = string.format('<rect class="interval" x="%.1f" y="5.2" width="%.1f" height="1.6"/>', lower, upper - lower)
  end
  if span.attributes["mark"] then
    parts[#parts + 1] = string.format('<rect class="mark" x="%.1f" y="0" width="1.2" height="12"/>', 100 * share(span, "mark", 0) - 0.6)
  end
  parts[#parts + 1] = string.format('<circle class="dot" cx="%.1f" cy="6" r="3"/></svg>', to)
  return pandoc.RawInline("html", table.concat(parts))
end

local function typst_bar(span)
  local arguments = {}
  for _, name in ipairs({ "from", "to", "lower", "upper", "mark" }) do
    local value = share(span, name)
    if value then
      arguments[#arguments + 1] = string.format("%s: %.3f", name, value)
    end
  end
  return pandoc.RawInline("typst", "#mot-bar(" .. table.concat(arguments, ", ") .. ")")
end

local spans = { ["mot-label"] = "mot-label", ["mot-quiet"] = "mot-soft", ["mot-number"] = "mot-number" }

local function write_span(span)
  if span.classes:includes("mot-bar") then
    return html and svg_bar(span) or FORMAT:match("typst") and typst_bar(span) or {}
  end
  if not FORMAT:match("typst") then
    return nil
  end
  for _, class in ipairs(span.classes) do
    if spans[class] then
      local kind = class == "mot-label" and '"' .. (span.classes[2] or "") .. '"' or ""
      local out = pandoc.Inlines({ pandoc.RawInline("typst", "#" .. spans[class] .. "(" .. kind .. ")[") })
      out:extend(span.content)
      out:insert(pandoc.RawInline("typst", "]"))
      return out
    end
  end
end

-- What Typst calls a class. In HTML the class itself is enough.
local blocks = {
  ["mot-lead"] = "mot-lead", ["mot-card"] = "mot-card", ["mot-asked"] = "mot-asked",
  ["mot-note"] = "mot-note", ["mot-roomy"] = "mot-roomy", ["mot-tight"] = "mot-tight",
  ["mot-figure"] = "mot-figure", ["mot-told"] = "mot-told", ["mot-rules"] = "mot-rules",
}
local rows = { ["mot-split"] = "mot-split", ["mot-figures"] = "mot-figures" }

local function write_div(div)
  if not FORMAT:match("typst") then
    return nil
  end
  for _, class in ipairs(div.classes) do
    if class == "mot-page-break" then
      return raw("#pagebreak(weak: true)")
    end
    if blocks[class] and #div.content == 0 then
      return {}
    end
    if blocks[class] then
      local out = pandoc.Blocks({ raw("#" .. blocks[class] .. "[") })
      out:extend(div.content)
      out:insert(raw("]"))
      return pandoc.Div(out)
    end
    if rows[class] then
      local out = pandoc.Blocks({ raw("#" .. rows[class] .. "(") })
      for _, cell in ipairs(div.content) do
        out:insert(raw("["))
        out:insert(cell)
        out:insert(raw("],"))
      end
      out:insert(raw(")"))
      return pandoc.Div(out)
    end
  end
end

return { { Span = write_span, Div = write_div } }
