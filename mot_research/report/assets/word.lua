-- What the house calls a block or a span, in Word: a style of the reference document. Runs after
-- filter.lua, which numbers floats and resolves references.

local blocks = {
  ["mot-lead"] = "Lead", ["mot-note"] = "Note", ["mot-asked"] = "Callout",
}
local spans = { ["mot-label"] = "Label", ["mot-quiet"] = "Quiet", ["mot-number"] = "Number" }

local function styled(content, style, identifier)
  return pandoc.Div(content, pandoc.Attr(identifier or "", {}, { ["custom-style"] = style }))
end

local function openxml(text)
  return pandoc.RawInline("openxml", text)
end

-- "Figure 2" as Word counts it, so that a figure pasted in gets its number.
local function counted(number)
  local name, place = number:match("^(%a+)\u{a0}(%d+)$")
  if not name then
    return { pandoc.Str(number) }
  end
  return {
    pandoc.Str(name .. "\u{a0}"),
    openxml('<w:fldSimple w:instr=" SEQ ' .. name .. ' \\* ARABIC "><w:r><w:t>' .. place
      .. "</w:t></w:r></w:fldSimple>"),
  }
end

-- A column of two digits must not break between them.
local narrowest = 0.05

local function widen(tbl)
  local sum = 0
  for _, spec in ipairs(tbl.colspecs) do
    spec[2] = spec[2] and math.max(spec[2], narrowest)
    sum = sum + (spec[2] or 0)
  end
  for _, spec in ipairs(tbl.colspecs) do
    spec[2] = spec[2] and spec[2] / math.max(sum, 1)
  end
  return tbl
end

local function split_caption(div)
  for position, block in ipairs(div.content) do
    if block.t == "Div" and block.classes:includes("mot-caption") then
      div.content:remove(position)
      return pandoc.utils.blocks_to_inlines(block.content)
    end
  end
  return pandoc.Inlines({})
end

local function write_float(div)
  local kind = div.attributes["kind"] or "fig"
  local caption = split_caption(div)
  local number = div.attributes["number"]
  if number then
    local words = pandoc.Inlines(counted(number))
    if #caption > 0 and not number:match("^%(") then
      words:insert(pandoc.Str(":"))
    end
    words = pandoc.Inlines({ pandoc.Strong(words), pandoc.Space() })
    words:extend(caption)
    caption = words
  end
  local out = pandoc.Blocks({})
  local told = #caption > 0
  if told and kind == "tbl" then
    out:insert(styled({ pandoc.Para(caption) }, "Table Caption"))
  end
  for _, block in ipairs(div.content) do
    local drawn = kind ~= "tbl" and (block.t == "Para" or block.t == "Plain")
    out:insert(drawn and styled({ block }, "Captioned Figure") or block)
  end
  if told and kind ~= "tbl" then
    out:insert(styled({ pandoc.Para(caption) }, "Image Caption"))
  end
  return pandoc.Div(out, pandoc.Attr(div.identifier))
end

-- Pages of Word end elsewhere than those of the PDF: only a section begins a new one.
local function break_pages(blocks)
  for position = #blocks, 1, -1 do
    local block, following = blocks[position], blocks[position + 1]
    if block.t == "Div" and block.classes:includes("mot-page-break") then
      if following and following.t == "Header" and following.level == 1 then
        local broken = '<w:p><w:pPr><w:pStyle w:val="PageBreak"/></w:pPr></w:p>'
        blocks[position] = pandoc.RawBlock("openxml", broken)
      else
        blocks:remove(position)
      end
    end
  end
  return blocks
end

local function write_div(div)
  if div.classes:includes("mot-float") or div.classes:includes("mot-subfigure") then
    return write_float(div)
  end
  if div.classes:includes("equation") then
    return styled(div.content, "Equation", div.identifier)
  end
  for _, class in ipairs(div.classes) do
    if class:match("^callout%-") then
      local title = div.content:remove(1)
      return { styled({ title }, "Callout Title"), styled(div.content, "Callout") }
    end
    if blocks[class] then
      return styled(div.content, blocks[class])
    end
  end
end

local function write_span(span)
  if span.classes:includes("equation-number") then
    span.content:insert(1, openxml("<w:r><w:tab/></w:r>"))
    return span.content
  end
  for _, class in ipairs(span.classes) do
    if spans[class] then
      return pandoc.Span(span.content, pandoc.Attr("", {}, { ["custom-style"] = spans[class] }))
    end
  end
end

return { { Blocks = break_pages }, { Div = write_div, Span = write_span, Table = widen } }
